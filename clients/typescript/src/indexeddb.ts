/** Messages on their way in IndexedDB. */

import type { Keeping, KeptEntry } from './keeping';

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
  /** Not by `newId`: what is loaded later would take that out of what is loaded first. */
  readonly #me = crypto.getRandomValues(new Uint32Array(4)).join('-');
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
    this.#user = user;
    const database = await this.#database();
    const living = await this.#living(isFirst);
    if (living === null) return [];
    const transaction = database.transaction(STORE, 'readwrite');
    const store = transaction.objectStore(STORE);
    const found = (await allRows(store)).filter((row) => this.#mayAdopt(row, living));
    for (const row of found) store.put({ ...row, owner: this.#me });
    await committed(transaction);
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
    await answer(this.#factory.deleteDatabase(this.#name(user)));
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = null;
    this.#release?.();
    this.#release = null;
    if (opening !== null) (await opening).close();
  }

  #name(user: string): string {
    return `tenfour-outbox ${this.#url} ${user}`;
  }

  #lock(owner: string): string {
    return `tenfour-outbox ${owner}`;
  }

  /** The owners whose entries are not to be touched; null where nobody knows, and it was asked before. */
  async #living(isFirst: boolean): Promise<ReadonlySet<string> | null> {
    if (this.#locks === null) return isFirst ? new Set() : null;
    const { held = [] } = await this.#locks.query();
    return new Set(held.map(({ name }) => name ?? ''));
  }

  #mayAdopt({ owner, chat }: Row, living: ReadonlySet<string>): boolean {
    return owner !== this.#me && !living.has(this.#lock(owner)) && (this.#onlyChat === null || this.#onlyChat === chat);
  }

  async #change(step: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = (await this.#database()).transaction(STORE, 'readwrite');
    step(transaction.objectStore(STORE));
    await committed(transaction);
  }

  #database(): Promise<IDBDatabase> {
    if (this.#user === null) throw new Error('The database of messages on their way is not open.');
    this.#opening ??= this.#open(this.#name(this.#user)).catch((cause: unknown) => {
      this.#opening = null;
      throw cause;
    });
    return this.#opening;
  }

  async #open(name: string): Promise<IDBDatabase> {
    const request = this.#factory.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ['chat', 'key'] });
    const database = await answer(request);
    // The user has logged out in another tab, which waits to delete this.
    database.onversionchange = () => database.close();
    // Held before the first entry is written, or another tab would take that for a dead one's.
    if (this.#locks !== null) this.#release = await hold(this.#locks, this.#lock(this.#me));
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

/** What this class has written, and nobody else. */
async function allRows(store: IDBObjectStore): Promise<Row[]> {
  return (await answer(store.getAll())) as Row[];
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB gave up'));
  });
}
