import type { Problem, Shapes, Unreachable } from '../lib/api';
import type { Members } from './members.svelte';
import type { MessageStatus } from './message';
import type { Person } from './people.svelte';

export type Kind = 'direct' | 'group' | 'channel';
export type Role = 'owner' | 'admin' | 'member';

export interface LastMessage {
  /** The id of the sender. */
  readonly by: string;
  /** Null where it was deleted. */
  readonly text: string | null;
  readonly mine: boolean;
  /** Null for messages by others. */
  readonly status: MessageStatus | null;
  readonly at: number;
}

export interface ChatEntry {
  readonly id: string;
  readonly kind: Kind;
  /** Never empty: the other person's name, or those of the first members, where it has none. */
  readonly title: string;
  /** The title as it was set; null where it has none. */
  readonly ownTitle: string | null;
  readonly other: Person | null;
  readonly head: number;
  readonly read: number;
  /** Messages by others after `read`, counted to 100. */
  readonly unread: number;
  readonly mentioned: boolean;
  readonly last: LastMessage | null;
  /** When something was last said in it, else when it was made. */
  readonly activeAt: number;
  readonly typing: readonly Person[];
  readonly memberCount: number;
  readonly role: Role;
  readonly draft: string;
  /** Whether receipts, typing and presence are told in it: not in large chats. */
  readonly isSmall: boolean;
  readonly gone: null | 'left' | 'removed';
}

export interface NewChat {
  readonly kind: Kind;
  readonly title?: string;
  /** Ids of people. */
  readonly members: readonly string[];
}

export interface Channel {
  readonly id: string;
  readonly title: string;
  readonly memberCount: number;
  /** Whether one is in it already. */
  readonly joined: boolean;
}

/** A page of the channels that can be joined. */
export interface ChannelPage {
  readonly items: readonly Channel[];
  /** Gives the next page; null where this is the last. */
  readonly more: (() => Promise<ChannelPage>) | null;
}

export interface Chats {
  readonly state: 'loading' | 'ready' | 'failed';
  readonly problem: Problem | Unreachable | null;
  /** Shown from what was kept, and not compared with the server yet. */
  readonly stale: boolean;
  /** By activity, the newest first. */
  readonly list: readonly ChatEntry[];
  readonly unreadTotal: number;
  readonly hasMore: boolean;
  readonly loadingMore: boolean;
  get(id: string): ChatEntry | null;
  more(): Promise<void>;
  retry(): Promise<void>;
  create(wanted: NewChat): Promise<string>;
  join(id: string): Promise<void>;
  leave(id: string): Promise<void>;
  rename(id: string, title: string | null): Promise<void>;
  members(id: string): Members;
  channels(signal?: AbortSignal): Promise<ChannelPage>;
  /** Removes a chat that one has left from the list. */
  forget(id: string): void;
}

export type ChatShown = Shapes['ChatShown'];
