/** What `for await` takes events from. */

import { Deferred } from './deferred.js';
import { TenfourError } from './errors.js';
import { Feed, type Behind, type HistoryReplaced, type Page } from './feed.js';
import type { AnyEvent } from './generated/frames.js';

export type Item = AnyEvent | HistoryReplaced;

/** A page of a chat's events behind a place; null where the client is closed. */
export type ReadPage = (behind: Behind) => Promise<Page | null>;

/** How a listener ends: with a failure, or because nobody wants more. */
type End = TenfourError | 'done';

/**
 * The events of one chat, or of all, each once and in order for each chat.
 *
 * They are collected from the moment that this was made. It ends when the client is closed, and throws `TenfourError`
 * where the server has nothing more for this user. `close`, or leaving the loop, ends it early: one that is dropped
 * without either goes on to collect what has room.
 */
export class Events implements AsyncIterableIterator<Item, undefined> {
  readonly #chat: string | null;
  #feed: Feed;
  readonly #readPage: ReadPage;
  readonly #leave: (events: Events) => void;
  #changed = new Deferred<void>();
  #end: End | null = null;

  /** `chat`: the one that is listened to, null for all. */
  constructor(chat: string | null, feed: Feed, readPage: ReadPage, leave: (events: Events) => void) {
    this.#chat = chat;
    this.#feed = feed;
    this.#readPage = readPage;
    this.#leave = leave;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    for (;;) {
      const item = this.#feed.pop();
      if (item !== null) return { done: false, value: item };
      const behind = this.#feed.behind();
      if (behind !== null && this.#end !== 'done') await this.#catchUp(behind);
      else if (this.#end === 'done') return { done: true, value: undefined };
      else if (this.#end !== null) throw this.#end;
      else await this.#changed.promise;
    }
  }

  /** Wants no more, not even what was collected. */
  close(): void {
    this.#feed = new Feed(0);
    this.#end = 'done';
    this.#wake();
    this.#leave(this);
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  // What the client tells

  change(step: (feed: Feed) => void): void {
    step(this.#feed);
    this.#wake();
  }

  /** Nothing more comes; what was collected is still given out. */
  end(cause: End): void {
    if (this.#end !== null) return;
    this.#end = cause;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = new Deferred();
  }

  async #catchUp(behind: Behind): Promise<void> {
    try {
      const page = await this.#readPage(behind);
      if (page === null) this.end('done');
      else this.#feed.read(behind, page);
    } catch (cause) {
      if (this.#chat !== null || !(cause instanceof TenfourError)) throw cause;
      this.#feed.forget(behind.chat); // one of all: the user may not see it any more, and the others go on
    }
  }
}
