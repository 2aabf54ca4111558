/** One WebSocket, told apart from the ones before it. */

import { Deferred } from './deferred';

/** What the client needs of a socket: that of browsers, of Node from 22.4 on, and of the package `ws`. */
export interface WebSocketLike {
  send(text: string): void;
  close(code?: number): void;
  /** Ends it without a handshake, where there is such a thing. */
  terminate?(): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** Who is told what the socket hears. */
export interface Listener {
  heard(text: string): void;
  /** It is gone; `wasOpen` tells whether the handshake was ever done. */
  closed(code: number, reason: string, wasOpen: boolean): void;
}

export const PROTOCOL = 'tenfour.v1';
const NORMAL = 1000;
/** What a page may say in place of the codes that it may not: RFC 6455, section 7.4.2, leaves these to applications. */
const GAVE_UP = 4000;
const BINARY = 1003;

/** A socket at a server's door, of a client that `Listener` stands for. */
export class Socket {
  readonly gone: Promise<void>;
  readonly #socket: WebSocketLike;
  readonly #gone = new Deferred<void>();
  #listener: Listener | null;
  #isOpen = false;

  /** Throws where the address or the page's rules do not allow a socket. */
  constructor(make: WebSocketConstructor, door: string, token: string, listener: Listener) {
    this.gone = this.#gone.promise;
    this.#listener = listener;
    this.#socket = new make(door, [PROTOCOL, `tenfour.bearer.${base64url(token)}`]);
    this.#socket.addEventListener('open', () => {
      this.#isOpen = true;
    });
    // Says nothing that `close` does not say; without a listener, `ws` would throw it.
    this.#socket.addEventListener('error', () => undefined);
    this.#socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#listener?.heard(data);
      else this.#end(BINARY, '');
    });
    this.#socket.addEventListener('close', ({ code, reason }) => {
      this.#gone.resolve();
      this.#end(code, reason);
    });
  }

  write(text: string): void {
    if (this.#isOpen) this.#socket.send(text);
  }

  /** Closes it and tells nobody. A line that is given up is cut where that can be done. */
  shut(code: number): void {
    this.#listener = null;
    if (code !== NORMAL && this.#socket.terminate !== undefined) this.#socket.terminate();
    else this.#socket.close(code === NORMAL ? NORMAL : GAVE_UP);
  }

  /** Cuts what does not close. */
  cut(): void {
    this.#socket.terminate?.();
  }

  #end(code: number, reason: string): void {
    const listener = this.#listener;
    this.#listener = null;
    listener?.closed(code, reason, this.#isOpen);
  }
}

/** A subprotocol is a token of HTTP: no padding, no slash; any text of an application's token fits into it. */
function base64url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return base64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
