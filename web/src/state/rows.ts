/** The rows of a conversation: days, the divider, groups of one sender. Pure. */

import type { EventRow, Message, MessageRow, Row } from './message';

/** What stands in a chat's order, before it is laid out. */
export type Item = MessageItem | EventItem;

export interface MessageItem {
  readonly kind: 'message';
  readonly seq: number;
  readonly message: Message;
}

interface EventItem {
  readonly kind: 'event';
  readonly seq: number;
  readonly row: EventRow;
}

/** What the rows depend on beside the items. */
export interface Setting {
  /** Whether the first item has something before it. */
  readonly hasBefore: boolean;
  /** The seq that the divider stands above. */
  readonly unreadFrom: number | null;
}

const GROUP_MS = 5 * 60_000;

/** The rows of what has its place, to which more can be added at the end without making all of them anew. */
export class Rows {
  #settled: Row[] = [];
  #setting: Setting = { hasBefore: true, unreadFrom: null };
  #end: End = BEGINNING;

  /** Lays everything out anew. */
  reset(items: readonly Item[], setting: Setting): void {
    this.#setting = setting;
    this.#settled = setting.hasBefore ? [] : [{ kind: 'start', key: 'start' }];
    this.#end = BEGINNING;
    for (const item of items) this.append(item);
  }

  /** Adds what comes last. */
  append(item: Item): void {
    this.#end = lay(this.#settled, this.#end, item, this.#setting);
  }

  /** Puts changed messages in place of what they were; nothing that the layout depends on may have changed. */
  change(changed: ReadonlyMap<string, Message>): void {
    this.#settled = this.#settled.map((row) => {
      const message = row.kind === 'message' ? changed.get(row.key) : undefined;
      return row.kind === 'message' && message !== undefined ? { ...row, message } : row;
    });
  }

  /** All rows, those that wait for their place last. */
  with(waiting: readonly Message[]): readonly Row[] {
    const rows = [...this.#settled];
    let end = this.#end;
    for (const message of waiting) end = lay(rows, end, { kind: 'message', seq: Infinity, message }, this.#setting);
    return rows;
  }
}

/** Where the rows end, as far as the next one depends on it. */
interface End {
  readonly day: number;
  readonly seq: number | null;
  /** The last row, if it is a message's. */
  readonly last: MessageRow | null;
}

const BEGINNING: End = { day: -Infinity, seq: null, last: null };

function lay(rows: Row[], end: End, item: Item, setting: Setting): End {
  const at = item.kind === 'message' ? item.message.at : item.row.at;
  let { last } = end;
  let day = end.day;
  // Clocks go backwards now and then; days do not, so that each has one separator.
  if (dayOf(at) > day) {
    day = dayOf(at);
    rows.push({ kind: 'day', key: `day:${day}`, at });
    last = null;
  }
  if (isDivided(end, item, setting)) {
    rows.push({ kind: 'unread', key: 'unread' });
    last = null;
  }
  if (item.kind === 'event') {
    rows.push(item.row);
    return { day, seq: item.seq, last: null };
  }
  const joins = last !== null && isSameGroup(last.message, item.message);
  if (joins && last !== null) rows[rows.length - 1] = { ...last, tail: false };
  const row: MessageRow = { kind: 'message', key: item.message.key, message: item.message, head: !joins, tail: true };
  rows.push(row);
  return { day, seq: item.seq, last: row };
}

/** Whether the divider stands above the item: it is the first from there on, and what is above it is known. */
function isDivided(end: End, item: Item, { unreadFrom, hasBefore }: Setting): boolean {
  if (unreadFrom === null || item.seq < unreadFrom || item.seq === Infinity) return false;
  if (end.seq === null) return item.seq === unreadFrom || !hasBefore;
  return end.seq < unreadFrom;
}

function isSameGroup(before: Message, after: Message): boolean {
  const gap = after.at - before.at;
  return before.by === after.by && gap < GROUP_MS && gap > -GROUP_MS && after.replyTo === null;
}

/** The day of a moment where the reader is, as a number that grows: 20260131. */
function dayOf(at: number): number {
  const date = new Date(at);
  return date.getFullYear() * 10_000 + (date.getMonth() + 1) * 100 + date.getDate();
}
