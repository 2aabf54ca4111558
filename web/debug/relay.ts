/** A WebSocket under an SDK client: its frames are written down, and its line can be cut as a network cuts it. */

import type { WebSocketConstructor, WebSocketLike } from '@tenfour/client';
import type { Log } from './log';

type Type = 'open' | 'error' | 'message' | 'close';
type Told = { readonly data: unknown; readonly code: number; readonly reason: string };
type Listener = (event: Told) => void;

const ABNORMAL = 1006;
const SILENT: Told = { data: '', code: 0, reason: '' };

export interface Relay {
  readonly make: WebSocketConstructor;
  /** When each socket was asked for, by `performance.now()`. */
  readonly dialled: readonly number[];
  /** How many of the next sockets find no door, as behind a proxy that is down. */
  astray: number;
  /** Ends the open line without a word to either side. */
  cut(): void;
}

export function relay(log: Log, line: string): Relay {
  const dialled: number[] = [];
  let cut = (): void => undefined;

  class Socket implements WebSocketLike {
    readonly #socket: WebSocket;
    readonly #listeners: Record<Type, Listener[]> = { open: [], error: [], message: [], close: [] };
    #isCut = false;

    constructor(url: string, protocols: string[]) {
      dialled.push(performance.now());
      const isAstray = self.astray > 0;
      if (isAstray) self.astray -= 1;
      const address = isAstray ? url.replace(/\/api\/v1\/.*$/, '/api/v1/nowhere/ws') : url;
      log.add('note', `connecting to ${address}`, line);
      const socket = (this.#socket = new WebSocket(address, protocols));
      socket.addEventListener('open', () => {
        cut = () => this.cut();
        log.add('opened', `open, subprotocol ${socket.protocol}`, line);
        this.#tell('open', SILENT);
      });
      socket.addEventListener('error', () => this.#tell('error', SILENT));
      socket.addEventListener('message', ({ data }) => {
        if (!this.#isCut) log.add('received', String(data), line);
        this.#tell('message', { ...SILENT, data });
      });
      socket.addEventListener('close', ({ code, reason }) => {
        if (!this.#isCut) log.add(code === 1000 ? 'closed' : 'failed', `closed with ${code} ${reason}`.trimEnd(), line);
        this.#tell('close', { ...SILENT, code, reason });
      });
    }

    send(text: string): void {
      if (this.#isCut) return;
      log.add('sent', text, line);
      this.#socket.send(text);
    }

    close(code?: number): void {
      this.#socket.close(code);
    }

    cut(): void {
      log.add('note', 'the line is cut', line);
      this.#tell('close', { ...SILENT, code: ABNORMAL });
      this.#isCut = true;
      this.#socket.close();
    }

    addEventListener(type: Type, listener: Listener): void {
      this.#listeners[type].push(listener);
    }

    #tell(type: Type, event: Told): void {
      if (this.#isCut) return;
      for (const listener of this.#listeners[type]) listener(event);
    }
  }

  const self: Relay = {
    make: Socket,
    dialled,
    astray: 0,
    cut: () => cut(),
  };
  return self;
}
