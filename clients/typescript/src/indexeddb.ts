/** Messages on their way in IndexedDB. */

import type { Keeping, KeptEntry } from './keeping.js';

export interface IndexedDbOptions {
  /** Only the messages of this chat are adopted. */
  readonly onlyChat?: string;
  readonly indexedDB?: IDBFactory;
  readonly locks?: LockManager | null;
}

interface Row extends KeptEntry {
  /** The client that sends it. */
  readonly owner: string;
  /** By which the rows of all clients are sorted. */
  readonly order: number;
}

const STORE = 'entries';

/**
 * Keeps messages in a database for each server and user, which all tabs share.
 *
 * Each client owns its entries, and holds a lock (Web Locks) as long as it lives: entries whose owner holds none are
 * taken over. There are locks in a secure context only. On plain http a client cannot know who lives, and takes over
 * all entries once, when it begins: a message that two tabs send is stored once, because its key is the same (G3), and
 * in its place, because each of them sends in order (G9).
 */
export class IndexedDbKeeping implements Keeping {
  readonly #url: string;
  readonly #onlyChat: string | null;
  readonly #factory: IDBFactory;
  readonly #locks: LockManager | null;
  /**
   * Names this client, and the lock that it holds as long as it lives. Not by `newId`: what is loaded later would take
   * that out of what is loaded first.
   */
  readonly #me = `tenfour-outbox ${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  #user: string | null = null;
  #opening: Promise<IDBDatabase> | null = null;
  #release: (() => void) | null = null;
  #order = 0;

  constructor(url: string, { onlyChat, indexedDB: factory = indexedDB, locks = locksHere() }: IndexedDbOptions = {}) {
    this.#url = url;
    this.#onlyChat = onlyChat ?? null;
    this.#factory = factory;
    this.#locks = locks;
  }

  async adopt(user: string): Promise<readonly KeptEntry[]> {
    const isFirst = this.#opening === null;
    if (!isFirst && this.#locks === null) return [];
    this.#user = user;
    const database = await this.#database();
    const living = new Set((await this.#locks?.query())?.held?.map(({ name }) => name));
    const transaction = database.transaction(STORE, 'readwrite');
    const store = transaction.objectStore(STORE);
    const rows = store.getAll();
    await done(rows, 'success');
    const found = (rows.result as Row[]).filter(
      ({ owner, chat }) => owner !== this.#me && !living.has(owner) && chat === (this.#onlyChat ?? chat),
    );
    for (const row of found) store.put({ ...row, owner: this.#me });
    await done(transaction, 'complete');
    return found.sort((one, other) => one.order - other.order);
  }

  async keep({ chat, key, text, replyTo }: KeptEntry): Promise<void> {
    this.#order = Math.max(Date.now(), this.#order + 0.001);
    const row: Row = { chat, key, text, replyTo, owner: this.#me, order: this.#order };
    await this.#change((store) => store.put(row));
  }

  async drop(chat: string, key: string): Promise<void> {
    await this.#change((store) => store.delete([chat, key]));
  }

  async forget(user: string): Promise<void> {
    await this.close();
    await done(this.#factory.deleteDatabase(this.#name(user)), 'success');
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = null;
    this.#release?.();
    (await opening)?.close();
  }

  #name(user: string): string {
    return `tenfour-outbox ${this.#url} ${user}`;
  }

  async #change(step: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = (await this.#database()).transaction(STORE, 'readwrite');
    step(transaction.objectStore(STORE));
    await done(transaction, 'complete');
  }

  #database(): Promise<IDBDatabase> {
    if (this.#user === null) throw new Error('adopt comes first');
    this.#opening ??= this.#open(this.#name(this.#user)).catch((cause: unknown) => {
      this.#opening = null;
      throw cause;
    });
    return this.#opening;
  }

  async #open(name: string): Promise<IDBDatabase> {
    const request = this.#factory.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ['chat', 'key'] });
    await done(request, 'success');
    const database = request.result;
    // The user has logged out in another tab, which waits to delete this.
    database.onversionchange = () => database.close();
    // Held before the first entry is written, or another tab would take that for a dead one's.
    if (this.#locks !== null) this.#release = await hold(this.#locks, this.#me);
    return database;
  }
}

function locksHere(): LockManager | null {
  return typeof navigator === 'undefined' ? null : ((navigator as Partial<Navigator>).locks ?? null);
}

/** Returns once the lock is held; the answer lets it go. */
function hold(locks: LockManager, name: string): Promise<() => void> {
  return new Promise((held, failed) => {
    locks.request(name, () => new Promise<void>((release) => held(release))).catch(failed);
  });
}

function done(work: IDBRequest | IDBTransaction, event: 'success' | 'complete'): Promise<void> {
  return new Promise((resolve, reject) => {
    work.addEventListener(event, () => resolve());
    for (const failed of ['error', 'abort']) {
      work.addEventListener(failed, () => reject(work.error ?? new Error('IndexedDB gave up.')));
    }
  });
}
