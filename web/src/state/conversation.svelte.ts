import type { Problem, Unreachable } from '../lib/api';
import type { ChatEntry } from './chats.svelte';
import type { Anchor, Place, Row } from './message';
import type { Person } from './people.svelte';

/** Who has read a message; `at` is null where it is not known when. */
export interface Reader {
  readonly person: Person;
  readonly at: number | null;
}

export interface Readers {
  readonly read: readonly Reader[];
  /** Has it on a device, and has not read it. */
  readonly delivered: readonly Person[];
  readonly missing: readonly Person[];
}

export interface Conversation {
  readonly chat: string;
  /** The chat in the list; null until it is known, and where one has no right to it. */
  readonly entry: ChatEntry | null;
  readonly state: 'loading' | 'ready' | 'failed';
  readonly problem: Problem | Unreachable | null;
  readonly rows: readonly Row[];
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
  readonly loadingBefore: boolean;
  readonly loadingAfter: boolean;
  /** What is shown was kept, and may be old. */
  readonly stale: boolean;
  /** Where to go after a load; changes with each. */
  readonly anchor: Anchor;
  /** The key of the message that the address names, to be tinted. */
  readonly target: string | null;
  /** The first unread message: the divider stands above it for the visit. */
  readonly unreadFrom: number | null;
  readonly unreadCount: number;
  /** When the first unread message was sent. */
  readonly unreadSince: number | null;
  /** Messages by others that came while one was not at the bottom. */
  readonly newCount: number;
  readonly typing: readonly Person[];
  readonly draft: string;
  /** Where one reads; null at the bottom. Written by the list, kept for a day. */
  place: Place | null;
  open(seq?: number): Promise<void>;
  retryOpen(): Promise<void>;
  loadBefore(): Promise<void>;
  loadAfter(): Promise<void>;
  toLatest(): Promise<void>;
  atBottom(is: boolean): void;
  send(text: string, replyTo?: string): void;
  retry(key: string): void;
  discard(key: string): void;
  /** Everything up to a seq was seen: fully visible for half a second in a focused window. */
  sawUpTo(seq: number): void;
  markUnreadFrom(seq: number): void;
  /** Esc: everything is read, the divider goes. */
  markRead(): void;
  /** The composer holds this text now. */
  typed(text: string): void;
  /** Who has read a message of one's own; asks the server in large chats. */
  readers(seq: number): Promise<Readers>;
  /** By the seq of the last message that they have read; in chats of up to 20 members. */
  readonly seenBy: ReadonlyMap<number, readonly Person[]>;
  /** The visit ends. */
  close(): void;
}
