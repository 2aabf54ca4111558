/** One WebSocket. */

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
export interface SocketListener {
  /** What is no text is told as an empty one, which is no frame either. */
  heard(text: string): void;
  /** It is gone; `wasOpen` tells whether the handshake was ever done. */
  closed(code: number, reason: string, wasOpen: boolean): void;
}

export const PROTOCOL = 'tenfour.v1';
const NORMAL = 1000;
/** What a page may say in place of the codes that it may not: RFC 6455, section 7.4.2, leaves these to applications. */
const GAVE_UP = 4000;

/** A socket at a server's door, of a client that `SocketListener` stands for. */
export class Socket {
  readonly gone: Promise<void>;
  readonly #socket: WebSocketLike;
  #isOpen = false;

  /** Throws where the address or the page's rules do not allow a socket. */
  constructor(make: WebSocketConstructor, door: string, token: string, listener: SocketListener) {
    const socket = (this.#socket = new make(door, [PROTOCOL, `tenfour.bearer.${base64url(token)}`]));
    socket.addEventListener('open', () => (this.#isOpen = true));
    // Says nothing that `close` does not say; without a listener, `ws` would throw it.
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('message', ({ data }) => listener.heard(typeof data === 'string' ? data : ''));
    this.gone = new Promise((resolve) => {
      socket.addEventListener('close', ({ code, reason }) => {
        resolve();
        listener.closed(code, reason, this.#isOpen);
      });
    });
  }

  write(text: string): void {
    if (this.#isOpen) this.#socket.send(text);
  }

  /** Closes it; a line that is given up is cut where that can be done. */
  shut(code: number): void {
    if (code !== NORMAL) this.cut();
    this.#socket.close(code === NORMAL ? NORMAL : GAVE_UP);
  }

  cut(): void {
    this.#socket.terminate?.();
  }
}

/** A subprotocol is a token of HTTP, which has no padding and no slash in it. */
function base64url(text: string): string {
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
