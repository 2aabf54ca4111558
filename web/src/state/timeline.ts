/**
 * The part of a chat's history that is in memory: a stretch without gaps, of at most 1,500 messages. Pure.
 *
 * Pages come at either end. At the live end events come one by one; `known` is the last that is accounted for.
 * An acknowledgement may put one's own message in before events that precede it have come.
 */

import type { Message } from './message';
import type { Item } from './rows';

export const WINDOW_MAX = 1_500;
/** How many go at once, so that most arrivals move nothing. */
const TRIM = 100;

export type Offered =
  /** It is the newest, and stands at the end. */
  | 'last'
  /** It has found its place before others. */
  | 'between'
  /** It was here. */
  | 'known'
  /** Something before it is missing: ask for what is after `known`. */
  | 'gap'
  /** The stretch does not reach the live end. */
  | 'beyond';

export class Timeline {
  #items: Item[] = [];
  #byId = new Map<string, number>();
  /** Items with a place beyond `known`. */
  #early = new Set<number>();
  hasBefore = false;
  hasAfter = false;
  /** At the live end: everything up to here has come. */
  known = 0;

  get items(): readonly Item[] {
    return this.#items;
  }

  get first(): Item | null {
    return this.#items[0] ?? null;
  }

  get last(): Item | null {
    return this.#items.at(-1) ?? null;
  }

  /** Begins anew with a page; `known` is the last event that the page may have. */
  reset(items: readonly Item[], { hasBefore, hasAfter, known }: Edges): void {
    this.#items = [...items];
    this.#byId.clear();
    for (const item of items) this.#index(item);
    this.#early.clear();
    this.hasBefore = hasBefore;
    this.hasAfter = hasAfter;
    this.known = known;
  }

  /** A page before the first item. Trims at the other end. */
  prepend(items: readonly Item[], hasBefore: boolean): void {
    const first = this.first?.seq ?? Infinity;
    this.#items.unshift(...items.filter((item) => item.seq < first));
    for (const item of items) this.#index(item);
    this.hasBefore = hasBefore;
    if (this.#items.length > WINDOW_MAX) this.#dropEnd(this.#items.length - WINDOW_MAX);
  }

  /** A page after the last item. Trims at the other end. */
  append(items: readonly Item[], hasAfter: boolean): void {
    const last = this.last?.seq ?? 0;
    this.#items.push(...items.filter((item) => item.seq > last));
    for (const item of items) this.#index(item);
    this.hasAfter = hasAfter;
    if (!hasAfter) this.known = Math.max(this.known, this.last?.seq ?? 0);
    if (this.#items.length > WINDOW_MAX) this.#dropStart(this.#items.length - WINDOW_MAX);
  }

  /** The next event of the chat; `item` is null for one that shows nothing. */
  offer(seq: number, item: Item | null): Offered {
    if (this.hasAfter) return 'beyond';
    if (seq <= this.known) return 'known';
    if (seq > this.known + 1) return 'gap';
    const isThere = this.#early.has(seq);
    this.known = seq;
    while (this.#early.delete(this.known + 1)) this.known += 1;
    this.#early.delete(seq);
    return isThere || item === null ? 'known' : this.#insert(item);
  }

  /** One's own message got its place by an acknowledgement. */
  settle(item: Item): Offered {
    if (this.hasAfter) return 'beyond';
    if (item.seq <= this.known || this.#early.has(item.seq)) return 'known';
    if (item.seq === this.known + 1) return this.offer(item.seq, item);
    this.#early.add(item.seq);
    return this.#insert(item);
  }

  /** Nothing up to a seq is shown that has not come. */
  skipTo(seq: number): void {
    this.known = Math.max(this.known, seq);
    for (const early of this.#early) if (early <= this.known) this.#early.delete(early);
    while (this.#early.delete(this.known + 1)) this.known += 1;
  }

  /** The live end is too far to follow: what comes is not shown until it is loaded. */
  leaveEnd(): void {
    this.hasAfter = true;
    this.#early.clear();
  }

  /** Makes room at the far end of somebody who is at the live end; true where items went. */
  trimStart(): boolean {
    if (this.#items.length <= WINDOW_MAX) return false;
    this.#dropStart(this.#items.length - WINDOW_MAX + TRIM);
    return true;
  }

  get isFull(): boolean {
    return this.#items.length >= WINDOW_MAX;
  }

  message(id: string): Message | null {
    const seq = this.#byId.get(id);
    const item = seq === undefined ? undefined : this.#items[this.#indexOf(seq)];
    return item?.kind === 'message' ? item.message : null;
  }

  at(seq: number): Item | null {
    const item = this.#items[this.#indexOf(seq)];
    return item?.seq === seq ? item : null;
  }

  /** Puts changed messages in place of what they were. */
  change(changed: Iterable<Message>): void {
    for (const message of changed) {
      if (message.seq === null) continue;
      const index = this.#indexOf(message.seq);
      if (this.#items[index]?.seq === message.seq) this.#items[index] = { kind: 'message', seq: message.seq, message };
    }
  }

  /** One's own messages with a place in (after, upTo]. */
  *ownBetween(after: number, upTo: number): Generator<Message> {
    for (let index = this.#indexOf(after + 1); index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item === undefined || item.seq > upTo) return;
      if (item.kind === 'message' && item.message.mine) yield item.message;
    }
  }

  /** How many messages by others are in (after, upTo]; null where not all of these are here. */
  othersBetween(after: number, upTo: number): number | null {
    const first = this.hasBefore ? (this.first?.seq ?? Infinity) : 0;
    const last = this.hasAfter ? (this.last?.seq ?? 0) : this.known;
    if (first > after + 1 || last < upTo) return null;
    let count = 0;
    for (let index = this.#indexOf(after + 1); index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item === undefined || item.seq > upTo) break;
      if (item.kind === 'message' && !item.message.mine && !item.message.deleted) count += 1;
    }
    return count;
  }

  /** The first message by somebody else after a seq. */
  firstOtherAfter(seq: number): Message | null {
    for (let index = this.#indexOf(seq + 1); index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item?.kind === 'message' && !item.message.mine && !item.message.deleted) return item.message;
    }
    return null;
  }

  #insert(item: Item): Offered {
    const index = this.#indexOf(item.seq);
    if (this.#items[index]?.seq === item.seq) return 'known';
    this.#items.splice(index, 0, item);
    this.#index(item);
    return index === this.#items.length - 1 ? 'last' : 'between';
  }

  /** Where the item with a seq is, or would be. */
  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#items.length;
    if ((this.#items.at(-1)?.seq ?? 0) < seq) return high; // as it nearly always is
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.seq ?? Infinity) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #index(item: Item): void {
    if (item.kind === 'message' && item.message.id !== null) this.#byId.set(item.message.id, item.seq);
  }

  #dropStart(count: number): void {
    for (const item of this.#items.splice(0, count)) this.#forget(item);
    this.hasBefore = true;
  }

  #dropEnd(count: number): void {
    for (const item of this.#items.splice(-count, count)) this.#forget(item);
    this.leaveEnd();
  }

  #forget(item: Item): void {
    if (item.kind === 'message' && item.message.id !== null) this.#byId.delete(item.message.id);
  }
}

export interface Edges {
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
  readonly known: number;
}
