/** One raw WebSocket whose frames can be waited for. Runs in browsers and in Node. */

import type { Close } from './evidence';
import type { Log } from './log';
import { isObject, type Json } from './token';

export type Frame = Json & { readonly type: string };

/** Something that was awaited and did not come; the message says what came in its place. */
export class Missed extends Error {
  override readonly name = 'Missed';
}

export const PROTOCOL = 'tenfour.v1';
const WAIT_MS = 10_000;
/** For how long `close` may be missing after `error`. */
const NO_CLOSE_MS = 500;
const KEPT = 1_000;
const ABNORMAL = 1006;
const NORMAL = 1000;

/** The subprotocols by which a page brings its token. */
export function carrying(token: string): string[] {
  return token === '' ? [PROTOCOL] : [PROTOCOL, `tenfour.bearer.${token}`];
}

interface Waiting {
  readonly wanted: (frame: Frame) => boolean;
  readonly found: (frame: Frame) => void;
  readonly over: (close: Close) => void;
}

export class Wire {
  readonly url: string;
  /** Everything that came and is JSON, in its order. */
  readonly frames: Frame[] = [];
  /** Settles when it opens, or when it ends without that. */
  readonly settled: Promise<void>;
  /** How it ended. */
  readonly over: Promise<Close>;
  /** Milliseconds to the handshake's answer. */
  openMs: number | null = null;
  /** The first text, also if it is no frame of this protocol. */
  first: string | null = null;
  close: Close | null = null;
  lastMs = performance.now();
  onText: ((text: string) => void) | null = null;
  readonly #socket: WebSocket;
  readonly #log: Log;
  readonly #line: string;
  readonly #began = performance.now();
  readonly #waiting = new Set<Waiting>();
  readonly #untaken: Frame[] = [];
  #hadError = false;

  /** Throws what the browser throws: `SyntaxError` for the address or the token, `SecurityError` for the page. */
  constructor(url: string, protocols: readonly string[], log: Log, line = '') {
    this.url = url;
    this.#log = log;
    this.#line = line;
    log.add('note', `connecting to ${url}${protocols.length === 0 ? '' : `, offering ${protocols.join(', ')}`}`, line);
    const socket = (this.#socket = new WebSocket(url, [...protocols]));
    let settle = (): void => undefined;
    this.settled = new Promise((resolve) => (settle = resolve));
    this.over = new Promise((resolve) => {
      const end = (code: number, reason: string): void => {
        if (this.close !== null) return;
        this.#ended({ code, reason, hadError: this.#hadError });
        settle();
        resolve({ code, reason, hadError: this.#hadError });
      };
      socket.addEventListener('open', () => {
        this.openMs = performance.now() - this.#began;
        this.lastMs = performance.now();
        log.add('opened', `open${socket.protocol === '' ? '' : `, subprotocol ${socket.protocol}`}`, line);
        settle();
      });
      socket.addEventListener('error', () => {
        this.#hadError = true;
        log.add('failed', 'error, which a browser does not explain', line);
        // Chromium says no more than this where the page's policy refuses it, and so does Node 20 where nobody listens.
        setTimeout(() => end(ABNORMAL, ''), NO_CLOSE_MS);
      });
      socket.addEventListener('close', ({ code, reason }) => end(code, reason));
    });
    socket.addEventListener('message', ({ data }) => this.#heard(data));
  }

  get subprotocol(): string {
    return this.#socket.protocol;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  say(frame: Json): void {
    this.write(JSON.stringify(frame));
  }

  write(text: string): void {
    this.lastMs = performance.now();
    this.#log.add('sent', text, this.#line);
    this.#socket.send(text);
  }

  /**
   * The first frame of this type and kind that nobody took yet, in whichever order they come. Throws `Missed` where the
   * connection ends first, or the time.
   */
  async next(type: string, is: (frame: Frame) => boolean = () => true, waitMs = WAIT_MS): Promise<Frame> {
    const wanted = (frame: Frame): boolean => frame.type === type && is(frame);
    const at = this.#untaken.findIndex(wanted);
    const [there] = at < 0 ? [] : this.#untaken.splice(at, 1);
    if (there !== undefined) return there;
    if (this.close !== null) throw new Missed(`no ${type} came: ${ended(this.close)}`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(new Missed(`no ${type} came within ${waitMs / 1000} s`));
      }, waitMs);
      const waiting: Waiting = {
        wanted,
        found: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
        over: (close) => {
          clearTimeout(timer);
          reject(new Missed(`no ${type} came: ${ended(close)}`));
        },
      };
      this.#waiting.add(waiting);
    });
  }

  /** How it ends; throws `Missed` where it stays open. */
  async end(waitMs = WAIT_MS): Promise<Close> {
    const over = await Promise.race([this.over, later(waitMs)]);
    if (over === undefined) throw new Missed(`it was not closed within ${waitMs / 1000} s`);
    return over;
  }

  /** Ends it, and returns when it has ended. */
  async shut(): Promise<void> {
    this.#socket.close(NORMAL);
    await Promise.race([this.over, later(2_000)]);
  }

  #heard(data: unknown): void {
    this.lastMs = performance.now();
    const text = typeof data === 'string' ? data : '(a binary frame)';
    this.#log.add('received', text, this.#line);
    this.first ??= text;
    this.onText?.(text);
    const frame = frameOf(text);
    if (frame === null) return;
    this.frames.push(frame);
    for (const waiting of this.#waiting) {
      if (!waiting.wanted(frame)) continue;
      this.#waiting.delete(waiting);
      waiting.found(frame);
      return;
    }
    this.#untaken.push(frame);
    if (this.#untaken.length > KEPT) this.#untaken.shift();
  }

  #ended(close: Close): void {
    this.close = close;
    this.#log.add(close.code === NORMAL ? 'closed' : 'failed', ended(close), this.#line);
    for (const waiting of this.#waiting) waiting.over(close);
    this.#waiting.clear();
  }
}

/** "closed with 4401 token_expired: …" */
export function ended({ code, reason }: Pick<Close, 'code' | 'reason'>): string {
  return `closed with ${code}${reason === '' ? '' : ` ${reason}`}`;
}

export function frameOf(text: string): Frame | null {
  try {
    const seen: unknown = JSON.parse(text);
    return isObject(seen) && typeof seen['type'] === 'string' ? (seen as Frame) : null;
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}

export function later(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
