/** What a conversation shows: messages and the rows that they stand in. Plain values; a change makes a new one. */

import type { Person } from './people.svelte';

export type MessageStatus = 'pending' | 'sent' | 'delivered' | 'read' | 'failed';

/** Why a message was refused for good, and what the person can do. */
export interface Failure {
  readonly code: string;
  readonly reason: string;
  readonly advice: string;
}

export interface Quote {
  /** The message that is replied to. */
  readonly id: string;
  readonly seq: number | null;
  /** Who wrote it; null while it is being looked up, or where it is not to be had. */
  readonly by: string | null;
  /** Null: not known, or deleted. */
  readonly text: string | null;
}

export interface Message {
  /** Stays the same from pending to acknowledged: the idempotency key of one's own, the id of others'. */
  readonly key: string;
  readonly id: string | null;
  /** Its place in the chat; null until the server has acknowledged it. */
  readonly seq: number | null;
  /** The id of the sender: `people.get(by)`. */
  readonly by: string;
  readonly mine: boolean;
  /** Milliseconds since 1970; by the person's own clock until the server has acknowledged it. */
  readonly at: number;
  /** Null where it was deleted. */
  readonly text: string | null;
  readonly deleted: boolean;
  readonly editedAt: number | null;
  readonly replyTo: Quote | null;
  readonly status: MessageStatus;
  /** Has waited for its acknowledgement for long enough to be worth a clock. */
  readonly slow: boolean;
  readonly failure: Failure | null;
}

/** What happened in a chat beside messages. */
export type Happening =
  | { readonly is: 'joined'; readonly who: Person; readonly by: Person }
  | { readonly is: 'left'; readonly who: Person }
  | { readonly is: 'removed'; readonly who: Person; readonly by: Person }
  | { readonly is: 'role'; readonly who: Person; readonly by: Person; readonly role: string }
  | { readonly is: 'titled'; readonly by: Person; readonly title: string | null };

export interface StartRow {
  readonly kind: 'start';
  readonly key: 'start';
}

export interface DayRow {
  readonly kind: 'day';
  readonly key: string;
  /** A moment of that day. */
  readonly at: number;
}

/** "New messages" above the first unread one. */
export interface UnreadRow {
  readonly kind: 'unread';
  readonly key: 'unread';
}

export interface EventRow {
  readonly kind: 'event';
  readonly key: string;
  readonly seq: number;
  readonly at: number;
  readonly happening: Happening;
}

export interface MessageRow {
  readonly kind: 'message';
  readonly key: string;
  readonly message: Message;
  /** First of its group: has avatar, name and time. */
  readonly head: boolean;
  /** Last of its group. */
  readonly tail: boolean;
}

export type Row = StartRow | DayRow | UnreadRow | EventRow | MessageRow;

/** Where the view goes when a conversation has (re)loaded; `turn` is another one each time. */
export type Anchor = { readonly turn: number } & (
  | { readonly at: 'bottom' }
  | { readonly at: 'unread' }
  | { readonly at: 'message'; readonly key: string }
  | { readonly at: 'place'; readonly key: string; readonly offset: number }
);

/** The first row that is seen, and how far its upper edge is below the list's. */
export interface Place {
  readonly key: string;
  readonly offset: number;
}
