/** What this browser keeps of one person in IndexedDB, so that it is there at once, and without a network. */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Shapes } from './api';

type MessageSent = Shapes['MessageSent'];

/** The end of a chat as it was when it was looked at last. */
export interface KeptWindow {
  readonly chat: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly epoch: string | null;
  readonly messages: readonly MessageSent[];
  readonly hasBefore: boolean;
  /** How far the others had got. */
  readonly progress: readonly KeptProgress[];
}

export interface KeptProgress {
  readonly user: string;
  readonly delivered: number;
  readonly read: number;
  /** Milliseconds since 1970. */
  readonly readAt: number | null;
}

export interface KeptChats {
  readonly at: number;
  readonly chats: readonly Shapes['ChatShown'][];
  /** The people, by their ids, after whom a chat without a title is named. */
  readonly named?: Readonly<Record<string, readonly string[]>>;
  /** Those whose names are known. */
  readonly people: readonly Shapes['PersonShown'][];
}

/** A message that was refused for good, with its text. */
export interface KeptFailure {
  readonly key: string;
  readonly chat: string;
  readonly text: string;
  readonly replyTo: string | null;
  readonly at: number;
  readonly code: string;
  readonly reason: string;
  readonly advice: string;
}

/** Where somebody was reading. */
export interface KeptPlace {
  readonly chat: string;
  readonly at: number;
  readonly key: string;
  readonly seq: number;
  readonly offset: number;
}

interface Schema extends DBSchema {
  chats: { key: 'list'; value: KeptChats };
  windows: { key: string; value: KeptWindow; indexes: { at: number } };
  drafts: { key: string; value: string };
  failures: { key: string; value: KeptFailure };
  places: { key: string; value: KeptPlace };
}

const VERSION = 1;
const PREFIX = 'tenfour:';
const WINDOWS_MAX = 20;

export class Kept {
  #db: IDBPDatabase<Schema>;

  private constructor(db: IDBPDatabase<Schema>) {
    this.#db = db;
  }

  /** Raises a `DOMException` where the browser keeps nothing, as some private windows do. */
  static async open(user: string): Promise<Kept> {
    const db = await openDB<Schema>(PREFIX + user, VERSION, {
      upgrade(made) {
        made.createObjectStore('chats');
        made.createObjectStore('windows', { keyPath: 'chat' }).createIndex('at', 'at');
        made.createObjectStore('drafts');
        made.createObjectStore('failures', { keyPath: 'key' });
        made.createObjectStore('places', { keyPath: 'chat' });
      },
      // Another tab logs out, or has a newer version.
      blocking: (_was, _becomes, event) => (event.target as IDBDatabase).close(),
    });
    return new Kept(db);
  }

  chats(): Promise<KeptChats | undefined> {
    return this.#db.get('chats', 'list');
  }

  async keepChats(kept: KeptChats): Promise<void> {
    const writing = this.#db.transaction('chats', 'readwrite');
    const answer = writing.store.put(kept, 'list');
    // Said at once, so that a page that is going away need not live until the answer comes.
    writing.commit();
    await Promise.all([answer, writing.done]);
  }

  window(chat: string): Promise<KeptWindow | undefined> {
    return this.#db.get('windows', chat);
  }

  /** Keeps it, and forgets those that were looked at least lately. */
  async keepWindow(kept: KeptWindow): Promise<void> {
    const writing = this.#db.transaction('windows', 'readwrite');
    const answer = writing.store.put(kept);
    writing.commit();
    await Promise.all([answer, writing.done]);
    const change = this.#db.transaction('windows', 'readwrite');
    const keys = await change.store.index('at').getAllKeys();
    for (const key of keys.slice(0, Math.max(0, keys.length - WINDOWS_MAX))) await change.store.delete(key);
    await change.done;
  }

  async forgetChat(chat: string): Promise<void> {
    const change = this.#db.transaction(['windows', 'places', 'drafts'], 'readwrite');
    await Promise.all([
      change.objectStore('windows').delete(chat),
      change.objectStore('places').delete(chat),
      change.objectStore('drafts').delete(chat),
      change.done,
    ]);
  }

  async drafts(): Promise<Map<string, string>> {
    const reading = this.#db.transaction('drafts');
    const [chats, texts] = await Promise.all([reading.store.getAllKeys(), reading.store.getAll()]);
    return new Map(chats.map((chat, index) => [chat, texts[index] ?? '']));
  }

  async keepDraft(chat: string, text: string): Promise<void> {
    const writing = this.#db.transaction('drafts', 'readwrite');
    const answer = text === '' ? writing.store.delete(chat) : writing.store.put(text, chat);
    writing.commit();
    await Promise.all([answer, writing.done]);
  }

  failures(): Promise<KeptFailure[]> {
    return this.#db.getAll('failures');
  }

  async keepFailure(failure: KeptFailure): Promise<void> {
    await this.#db.put('failures', failure);
  }

  async forgetFailure(key: string): Promise<void> {
    await this.#db.delete('failures', key);
  }

  place(chat: string): Promise<KeptPlace | undefined> {
    return this.#db.get('places', chat);
  }

  async keepPlace(place: KeptPlace): Promise<void> {
    await this.#db.put('places', place);
  }

  async forgetPlace(chat: string): Promise<void> {
    await this.#db.delete('places', chat);
  }

  close(): void {
    this.#db.close();
  }
}

/** Removes everything that this browser has of a person. What holds only the program itself stays: it is what starts offline. */
export async function forgetEverything(user: string | null): Promise<void> {
  if ('indexedDB' in globalThis) {
    const known = user === null ? [] : [PREFIX + user];
    const found = 'databases' in indexedDB ? await indexedDB.databases() : [];
    const names = found.flatMap(({ name }) => (name?.startsWith('tenfour') === true ? [name] : []));
    await Promise.all([...new Set([...known, ...names])].map((name) => deleteDB(name)));
  }
  if ('caches' in globalThis) {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => !name.includes('-precache-')).map((name) => caches.delete(name)));
  }
}
