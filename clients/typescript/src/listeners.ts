/** Who listens to which chat. */

import { Events, type ReadPage } from './events';
import type { TenfourError } from './errors';
import type { Feed } from './feed';

/** The listeners of one chat, and under null those of all. */
export class Listeners {
  readonly #byChat = new Map<string | null, Set<Events>>();
  readonly #readPage: ReadPage;
  readonly #deserted: (chat: string) => void;

  /** `deserted` is told of a chat that nobody listens to any more. */
  constructor(readPage: ReadPage, deserted: (chat: string) => void) {
    this.#readPage = readPage;
    this.#deserted = deserted;
  }

  add(chat: string | null, feed: Feed): Events {
    const events = new Events(chat, feed, this.#readPage, (it) => this.#left(chat, it));
    this.#byChat.set(chat, this.#of(chat).add(events));
    return events;
  }

  /** Those of the chat, and those of all. */
  change(chat: string, step: (feed: Feed) => void): void {
    for (const key of [chat, null]) for (const events of this.#of(key)) events.change(step);
  }

  /** Nothing more comes of this chat. */
  unfollowed(chat: string, cause: TenfourError): void {
    for (const events of this.#of(chat)) events.end(cause);
    for (const events of this.#of(null)) events.change((feed) => feed.forget(chat));
  }

  end(why: () => TenfourError | 'done'): void {
    for (const listeners of this.#byChat.values()) for (const events of listeners) events.end(why());
  }

  #of(chat: string | null): Set<Events> {
    return this.#byChat.get(chat) ?? new Set();
  }

  #left(chat: string | null, events: Events): void {
    const others = this.#of(chat);
    if (!others.delete(events) || others.size > 0) return;
    this.#byChat.delete(chat);
    if (chat !== null && !this.#byChat.has(null)) this.#deserted(chat);
  }
}
