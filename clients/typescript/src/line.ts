/** The line to the server: one socket after another, and the tokens that open them. */

import { inTime, type Clock } from './clock.js';
import { encode } from './codec.js';
import type { Credentials } from './credentials.js';
import { TenfourError } from './errors.js';
import type { ClientFrame } from './generated/frames.js';
import type { Log } from './log.js';
import type { Rest } from './rest.js';
import { Socket, type WebSocketConstructor } from './transport.js';

const GONE_DEADLINE_MS = 2_000;

/** Who is told what comes by the line. */
export interface LineListener {
  heard(text: string): void;
  closed(code: number, reason: string): void;
  /** No socket opened. */
  unreachable(why: string, detail: string): void;
}

export interface LineParts {
  readonly url: string;
  readonly webSocket: WebSocketConstructor;
  readonly credentials: Credentials;
  readonly rest: Rest;
  readonly clock: Clock;
  readonly log: Log;
}

/** At most one socket at a time; what belongs to an older one is dropped. */
export class Line {
  readonly #parts: LineParts;
  readonly #listener: LineListener;
  #socket: Socket | null = null;
  /** Counts the attempts to open one. */
  #attempt = 0;
  #token: string | null = null;

  constructor(parts: LineParts, listener: LineListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  /** Opens a socket at a path, with the token or a new one. */
  async open(newToken: boolean, path: string): Promise<void> {
    const attempt = (this.#attempt += 1);
    const isOver = (): boolean => attempt !== this.#attempt;
    const { credentials, webSocket, url, log } = this.#parts;
    let why = 'token_not_given';
    try {
      const token = await (newToken ? credentials.newToken(this.#token) : credentials.token());
      if (isOver()) return;
      this.#token = token;
      why = 'socket_refused'; // by the browser: a page of https may open no ws:, for one
      this.#socket = new Socket(webSocket, url.replace(/^http/, 'ws') + path, token, {
        heard: (text) => isOver() || this.#listener.heard(text),
        closed: (code, reason, wasOpen) => isOver() || void this.#closed(code, reason, wasOpen, isOver),
      });
    } catch (cause) {
      if (isOver()) return;
      log.say('error', why, cause);
      this.#listener.unreachable(cause instanceof TenfourError ? cause.code : why, String(cause));
    }
  }

  write(frame: ClientFrame): void {
    this.#socket?.write(encode(frame));
  }

  /** Puts a new token on the open socket. Where none is to be had, the server ends it at the token's end. */
  async renew(): Promise<void> {
    const { credentials, log } = this.#parts;
    if (!credentials.isRenewable) return;
    const attempt = this.#attempt;
    const known = this.#token;
    try {
      const token = await credentials.newToken(known);
      if (attempt !== this.#attempt || token === known) return; // the same again would only make the server ask again
      this.#token = token;
      this.write({ type: 'authenticate', token });
    } catch (cause) {
      log.say('warn', 'token_not_renewed', cause);
    }
  }

  /** Closes the socket, and tells nobody; returns once it is gone. One that does not close in time is cut. */
  async shut(code: number): Promise<void> {
    const socket = this.#socket;
    this.#attempt += 1;
    this.#socket = null;
    if (socket === null) return;
    socket.shut(code);
    await inTime(this.#parts.clock, GONE_DEADLINE_MS, socket.gone, '').catch(() => socket.cut());
  }

  async #closed(code: number, reason: string, wasOpen: boolean, isOver: () => boolean): Promise<void> {
    this.#socket = null;
    this.#parts.log.say('info', 'closed', { code, reason });
    if (wasOpen) {
      this.#listener.closed(code, reason);
      return;
    }
    const why = await this.#parts.rest.whyNoSocket();
    if (!isOver()) this.#listener.unreachable(why, '');
  }
}
