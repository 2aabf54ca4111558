/**
 * One listener's place in its chats: what waits for it, and what it has yet to read from the history. Pure.
 *
 * Events come by the connection while there is room for them. What finds no room is not kept: the listener's place
 * falls behind what is known to exist, and it reads the rest from the history when it gets there. So a listener that
 * is slow, late, or beyond a reset costs bounded memory and misses nothing.
 */

import type { AnyEvent, Seq } from './generated/frames.js';

/**
 * The chat's history is another one: what was told of it before means nothing, and its events come anew from the first.
 *
 * So it is after `restore` of a backup, for one.
 */
export interface HistoryReplaced {
  readonly type: 'history_replaced';
  readonly chat: string;
  readonly epoch: string;
  readonly seq: 0;
}

/** Events of the history that an epoch names, in order. */
export interface Page {
  readonly events: readonly AnyEvent[];
  readonly epoch: string;
}

/** A chat that has to be read from the history, after which seq, and up to which one at least. */
export interface Behind {
  readonly chat: string;
  readonly after: Seq;
  readonly known: Seq;
}

interface Cursor {
  /** The last event that was queued; null: not known yet, the first that comes. */
  position: Seq | null;
  epoch: string | null;
  /** The highest event that is known to exist. */
  known: Seq;
}

/** The events of one listener, each once and in order for each chat. */
export class Feed {
  readonly #cursors = new Map<string, Cursor>();
  readonly #room: number;
  #queue: (AnyEvent | HistoryReplaced)[] = [];
  #popped = 0;

  /** `room`: events that wait for the listener; more are left to the history. */
  constructor(room = 1_000) {
    this.#room = room;
  }

  get size(): number {
    return this.#queue.length - this.#popped;
  }

  /** Wants the chat's events after a position of an epoch; null: from the first that comes. */
  begin(chat: string, position: Seq | null, epoch: string | null): void {
    this.#cursors.set(chat, { position, epoch, known: 0 });
  }

  /** An event came by the connection. */
  offer(frame: AnyEvent, epoch: string): void {
    const cursor = this.#cursor(frame.chat, epoch);
    cursor.position ??= frame.seq - 1;
    cursor.known = Math.max(cursor.known, frame.seq);
    if (frame.seq === cursor.position + 1 && this.size < this.#room) {
      this.#queue.push(frame);
      cursor.position = frame.seq;
    }
  }

  /** All events up to `head` exist. */
  reached(chat: string, head: Seq, epoch: string): void {
    const cursor = this.#cursor(chat, epoch);
    cursor.position ??= head;
    cursor.known = Math.max(cursor.known, head);
  }

  /** The chat's history is another one, with this head. */
  replaced(chat: string, head: Seq, epoch: string): void {
    const cursor = this.#cursorOrNew(chat, epoch);
    if (cursor.epoch !== epoch || (cursor.position ?? 0) > head) this.#beginAnew(chat, cursor, epoch);
    this.reached(chat, head, epoch);
  }

  /** A chat that is behind what exists; null where none is. */
  behind(): Behind | null {
    for (const [chat, { position, known }] of this.#cursors) {
      if (position !== null && position < known) return { chat, after: position, known };
    }
    return null;
  }

  /**
   * Takes what the history has behind that place, in order; false where the place has changed meanwhile.
   *
   * Nothing where something up to `known` exists: it is not for this user.
   */
  read({ chat, after, known }: Behind, page: Page): boolean {
    const cursor = this.#cursors.get(chat);
    if (cursor === undefined || cursor.position !== after || cursor.epoch !== page.epoch) return false;
    this.#queue.push(...page.events);
    cursor.position = page.events.at(-1)?.seq ?? known;
    cursor.known = Math.max(cursor.known, cursor.position);
    return true;
  }

  /** The chat's history is not to be had any more; what was queued stays. */
  forget(chat: string): void {
    this.#cursors.delete(chat);
  }

  /** The next event; null where none waits. */
  pop(): AnyEvent | HistoryReplaced | null {
    const next = this.#queue[this.#popped];
    if (next === undefined) return null;
    this.#popped += 1;
    if (this.#popped === this.#queue.length || this.#popped === this.#room) {
      // Array.shift moves all the others each time; so this happens once in a while.
      this.#queue = this.#queue.slice(this.#popped);
      this.#popped = 0;
    }
    return next;
  }

  #cursor(chat: string, epoch: string): Cursor {
    const cursor = this.#cursorOrNew(chat, epoch);
    if (cursor.epoch === null) cursor.epoch = epoch;
    else if (cursor.epoch !== epoch) this.#beginAnew(chat, cursor, epoch);
    return cursor;
  }

  #cursorOrNew(chat: string, epoch: string): Cursor {
    let cursor = this.#cursors.get(chat);
    if (cursor === undefined) this.#cursors.set(chat, (cursor = { position: null, epoch, known: 0 }));
    return cursor;
  }

  #beginAnew(chat: string, cursor: Cursor, epoch: string): void {
    cursor.position = 0;
    cursor.epoch = epoch;
    cursor.known = 0;
    this.#queue.push({ type: 'history_replaced', chat, epoch, seq: 0 });
  }
}
