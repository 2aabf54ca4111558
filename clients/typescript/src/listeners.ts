/** Who listens to which chat, and from where on. */

import type { Connection, Effect } from './connection.js';
import { Events, type ReadPage } from './events.js';
import type { TenfourError } from './errors.js';
import { Feed } from './feed.js';
import type { Seq } from './generated/frames.js';

/** The listeners of one chat, and under null those of all. */
export class Listeners {
  readonly #byChat = new Map<string | null, Set<Events>>();
  readonly #connection: Connection;
  readonly #readPage: ReadPage;
  readonly #carryOut: (effects: readonly Effect[]) => void;

  /** `carryOut` is given what following and leaving chats asks for. */
  constructor(connection: Connection, readPage: ReadPage, carryOut: (effects: readonly Effect[]) => void) {
    this.#connection = connection;
    this.#readPage = readPage;
    this.#carryOut = carryOut;
  }

  /** Everything of a chat after a seq of an epoch; null: from where the chat stands. */
  ofChat(chat: string, after: Seq | null, epoch: string | null): Events {
    const feed = new Feed();
    const events = this.#add(chat, feed);
    const known = this.#connection.places.get(chat);
    const isAhead = known?.live === true && after !== null && after > (known.seq ?? 0);
    feed.begin(chat, after, epoch);
    if (known === undefined || (isAhead && (epoch ?? known.epoch) === known.epoch)) {
      // Who is ahead of all that has come may have a seq of another history: the server knows.
      this.#carryOut(this.#connection.follow(new Map([[chat, after]]), { epoch }));
    }
    const place = this.#connection.places.get(chat);
    if (after === null) feed.begin(chat, place?.seq ?? null, place?.epoch ?? null);
    else if (place?.live === true) feed.reached(chat, place.seq ?? 0, place.epoch ?? '');
    return events;
  }

  /** Everything of every chat from now on. */
  ofAll(): Events {
    const feed = new Feed();
    for (const [chat, { seq, epoch }] of this.#connection.places) feed.begin(chat, seq, epoch);
    const events = this.#add(null, feed);
    if (!this.#connection.wantsRest) this.#carryOut(this.#connection.follow(new Map(), { rest: true }));
    return events;
  }

  /** Something is known of a chat, in the epoch that the connection is in. */
  tell(chat: string, step: (feed: Feed, epoch: string) => void): void {
    for (const key of [chat, null]) {
      for (const events of this.#of(key)) events.change((feed) => step(feed, this.#connection.epoch ?? ''));
    }
  }

  /** Nothing more comes of this chat. */
  unfollowed(chat: string, cause: TenfourError): void {
    for (const events of this.#of(chat)) events.end(cause);
    for (const events of this.#of(null)) events.change((feed) => feed.forget(chat));
  }

  end(why: () => TenfourError | 'done'): void {
    for (const listeners of this.#byChat.values()) for (const events of listeners) events.end(why());
  }

  #add(chat: string | null, feed: Feed): Events {
    const events = new Events(chat, feed, this.#readPage, (it) => this.#left(chat, it));
    this.#byChat.set(chat, this.#of(chat).add(events));
    return events;
  }

  #of(chat: string | null): Set<Events> {
    return this.#byChat.get(chat) ?? new Set();
  }

  /** Where nobody listens to a chat any more nothing of it has to come. */
  #left(chat: string | null, events: Events): void {
    const others = this.#of(chat);
    if (!others.delete(events) || others.size > 0) return;
    this.#byChat.delete(chat);
    if (chat !== null && !this.#byChat.has(null)) this.#carryOut(this.#connection.unfollow(chat));
  }
}
