/**
 * Messages on their way: kept in order, with their keys, until the server has answered them. Pure.
 *
 * A message is *waiting* or *sent*. A lost connection makes all of them waiting again; a refusal that may be repeated
 * holds its chat back and begins again with the oldest (G9): the key makes that safe (G3).
 */

import { TenfourError } from './errors.js';

/** Unanswered messages of a client; `add` refuses one more with `busy`. */
export const MESSAGES_MAX = 10_000;
/** The server takes so many seconds' worth of messages at once. */
const BURST_S = 2;

/** One message that is not answered yet. */
export interface Entry {
  readonly chat: string;
  readonly key: string;
  readonly text: string;
  readonly replyTo: string | null;
  /** Whether it was ever written to a socket: then nobody but the server knows whether it is stored. */
  tried: boolean;
}

/** One chat's messages; all that were sent are older than all that wait. */
class Line {
  sent = new Map<string, Entry>();
  waiting = new Map<string, Entry>();
  heldUntil = 0;

  /** Counts the oldest message that waits as sent. */
  sendOldest(): Entry[] {
    for (const [key, entry] of this.waiting) {
      this.waiting.delete(key);
      this.sent.set(key, entry);
      entry.tried = true;
      return [entry];
    }
    return [];
  }

  takeBack(): void {
    this.waiting = new Map([...this.sent, ...this.waiting]);
    this.sent = new Map();
  }
}

/** All unanswered messages of a client, by chat in the order of writing. */
export class Outbox implements Iterable<Entry> {
  readonly #lines = new Map<string, Line>();
  readonly #inFlightMax: number;
  #sendsPerS = 20;
  /** Messages that may go out now without meeting the limit. */
  #free = 1;
  #freeAt = 0;

  /** `inFlightMax`: messages of one chat that may be sent and unanswered at a time. */
  constructor(inFlightMax = 50) {
    this.#inFlightMax = inFlightMax;
  }

  get size(): number {
    let size = 0;
    for (const line of this.#lines.values()) size += line.sent.size + line.waiting.size;
    return size;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (const line of this.#lines.values()) {
      yield* line.sent.values();
      yield* line.waiting.values();
    }
  }

  /** Takes a message; throws `busy` where there are too many. */
  add(entry: Entry): void {
    if (this.size >= MESSAGES_MAX) {
      throw new TenfourError('busy', { detail: `${MESSAGES_MAX} messages wait in this client for their answer.` });
    }
    let line = this.#lines.get(entry.chat);
    if (line === undefined) this.#lines.set(entry.chat, (line = new Line()));
    line.waiting.set(entry.key, entry);
  }

  /** A new connection, with its own limit: `limits.sends_per_s` of `welcome`. */
  connected(sendsPerS: number, now: number): void {
    this.#sendsPerS = sendsPerS;
    this.#free = sendsPerS * BURST_S;
    this.#freeAt = now;
  }

  /** What was sent and not answered has to be sent again. */
  disconnected(): void {
    for (const line of this.#lines.values()) {
      line.takeBack();
      line.heldUntil = 0;
    }
  }

  /** The entries to send now, oldest first in each chat, one of each chat in turn; they count as sent. */
  take(now: number, maySend: (chat: string) => boolean): Entry[] {
    this.#refill(now);
    const taken: Entry[] = [];
    let ready = [...this.#lines]
      .filter(([chat, line]) => this.#isReady(line, now) && maySend(chat))
      .map(([, line]) => line);
    while (ready.length > 0 && this.#free >= 1) {
      const turn = ready.slice(0, Math.floor(this.#free));
      taken.push(...turn.flatMap((line) => line.sendOldest()));
      this.#free -= turn.length;
      ready = ready.filter((line) => this.#isReady(line, now));
    }
    return taken;
  }

  /** When more can be sent, if only time stands in the way; null where something else does. */
  nextAt(maySend: (chat: string) => boolean): number | null {
    const freeAt = this.#freeAt + (Math.max(0, 1 - this.#free) / this.#sendsPerS) * 1000;
    let next: number | null = null;
    for (const [chat, line] of this.#lines) {
      if (line.waiting.size === 0 || line.sent.size >= this.#inFlightMax || !maySend(chat)) continue;
      next = Math.min(next ?? Infinity, Math.max(line.heldUntil, freeAt));
    }
    return next;
  }

  /** An ack or a refusal for good: whether the message was here; it is gone now, the others go on. */
  answered(chat: string, key: string): boolean {
    const line = this.#lines.get(chat);
    if (line === undefined || !(line.sent.delete(key) || line.waiting.delete(key))) return false;
    this.#forgetIfEmpty(chat, line);
    return true;
  }

  /** A refusal that may be repeated: the chat waits, then begins again with its oldest message. */
  hold(chat: string, key: string, until: number): void {
    const line = this.#lines.get(chat);
    if (line === undefined || !(line.sent.has(key) || line.waiting.has(key))) return;
    line.takeBack();
    line.heldUntil = Math.max(until, line.heldUntil);
  }

  /** Takes a message back that was never written to a socket; false for any other. */
  withdraw(chat: string, key: string): boolean {
    const line = this.#lines.get(chat);
    if (line?.waiting.get(key)?.tried !== false) return false;
    line.waiting.delete(key);
    this.#forgetIfEmpty(chat, line);
    return true;
  }

  /** Gives up all messages; those that were here. */
  clear(): Entry[] {
    const left = [...this];
    this.#lines.clear();
    return left;
  }

  #isReady(line: Line, now: number): boolean {
    return line.waiting.size > 0 && line.sent.size < this.#inFlightMax && line.heldUntil <= now;
  }

  #refill(now: number): void {
    const grown = (Math.max(0, now - this.#freeAt) / 1000) * this.#sendsPerS;
    this.#free = Math.min(this.#sendsPerS * BURST_S, this.#free + grown);
    this.#freeAt = now;
  }

  #forgetIfEmpty(chat: string, line: Line): void {
    if (line.sent.size + line.waiting.size === 0) this.#lines.delete(chat);
  }
}
