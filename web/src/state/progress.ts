/** How far the others in a chat have got, and so which tick each of one's own messages has. Pure. */

import type { MessageStatus } from './message';

export interface Reached {
  readonly delivered: number;
  readonly read: number;
  /** When `read` was reached, milliseconds since 1970; null where that is not known. */
  readonly readAt: number | null;
}

export class Progress {
  #others = new Map<string, Reached>();
  #expected = Infinity;
  #delivered = 0;
  #read = 0;

  /** Everything up to here is on a device of each of the others. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Everything up to here was read by each of the others. */
  get read(): number {
    return this.#read;
  }

  get others(): ReadonlyMap<string, Reached> {
    return this.#others;
  }

  /** So many others are in the chat: before all of them were heard of, nothing is everybody's. */
  expect(others: number): void {
    this.#expected = others;
    this.#measure();
  }

  /** Somebody has got so far; nobody goes back. True where that is news. */
  heard(user: string, reached: Reached): boolean {
    const known = this.#others.get(user);
    const delivered = Math.max(known?.delivered ?? 0, reached.delivered, reached.read);
    const read = Math.max(known?.read ?? 0, reached.read);
    if (known !== undefined && known.delivered === delivered && known.read === read) return false;
    const readAt = known !== undefined && known.read === read ? known.readAt : reached.readAt;
    this.#others.set(user, { delivered, read, readAt });
    this.#measure();
    return true;
  }

  /** Somebody is in the chat from a seq on: what is older was not for them. */
  joined(user: string, seq: number): void {
    if (!this.#others.has(user)) this.#others.set(user, { delivered: seq, read: seq, readAt: null });
  }

  left(user: string): void {
    if (this.#others.delete(user)) this.#measure();
  }

  clear(): void {
    this.#others.clear();
    this.#delivered = this.#read = 0;
  }

  /** The tick of a message of one's own that the server has acknowledged. */
  statusOf(seq: number): MessageStatus {
    if (seq <= this.#read) return 'read';
    return seq <= this.#delivered ? 'delivered' : 'sent';
  }

  /** A tick that was shown is not taken back. */
  #measure(): void {
    if (this.#others.size === 0 || this.#others.size < this.#expected) return;
    let delivered = Infinity;
    let read = Infinity;
    for (const each of this.#others.values()) {
      delivered = Math.min(delivered, each.delivered);
      read = Math.min(read, each.read);
    }
    this.#delivered = Math.max(this.#delivered, delivered);
    this.#read = Math.max(this.#read, read);
  }
}
