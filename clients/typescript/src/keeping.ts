/** Messages on their way that survive a reload. */

import type { Entry } from './outbox.js';

/** What is kept of a message. */
export type KeptEntry = Pick<Entry, 'chat' | 'key' | 'text' | 'replyTo'>;

/** Where a client keeps its messages on their way. What throws is told on the console; the client goes on without. */
export interface Keeping {
  /** A user's messages that nobody else is going to send, oldest first; they are this client's from now on. */
  adopt(user: string): Promise<readonly KeptEntry[]>;
  keep(entry: KeptEntry): Promise<void>;
  /** The message was acknowledged, refused for good, or given up. */
  drop(chat: string, key: string): Promise<void>;
  /** Deletes all that is kept of the user. */
  forget(user: string): Promise<void>;
  /** Leaves what is kept to whoever comes next. */
  close(): Promise<void>;
}

/** IndexedDB where there is one; what speaks to it is loaded when it is first needed. */
export function keepingHere(url: string, only: { readonly onlyChat?: string }): Keeping | null {
  if (typeof indexedDB === 'undefined') return null;
  let loading: Promise<Keeping> | null = null;
  const loaded = (): Promise<Keeping> =>
    (loading ??= import('./indexeddb.js').then(({ IndexedDbKeeping }) => new IndexedDbKeeping(url, only)));
  return {
    adopt: async (user) => (await loaded()).adopt(user),
    keep: async (entry) => (await loaded()).keep(entry),
    drop: async (chat, key) => (await loaded()).drop(chat, key),
    forget: async (user) => (await loaded()).forget(user),
    close: async () => (await loading)?.close(),
  };
}
