/** Messages on their way: pending until the server has acknowledged them, failed where it refused them for good. */

import { newId, TenfourError, type Ack, type Client } from '@tenfour/client';
import { SvelteMap } from 'svelte/reactivity';
import type { Clock } from '../lib/clock';
import type { Kept } from '../lib/kept';
import type { Failure, Message } from './message';

const SLOW_MS = 300;

export interface Sending {
  readonly chat: string;
  readonly key: string;
  readonly text: string;
  /** The id of the message that is replied to. */
  readonly replyTo: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly slow: boolean;
  readonly failure: Failure | null;
}

/** What the messenger wants to know. */
export interface OutgoingListener {
  /** What is on its way in a chat is other than before. */
  changed(chat: string): void;
  acknowledged(sending: Sending, ack: Ack): void;
  trouble(what: string, cause: unknown): void;
}

export class Outgoing {
  #byChat = new SvelteMap<string, readonly Sending[]>();
  #client: Client;
  #clock: Clock;
  #listener: OutgoingListener;
  #kept: Kept | null = null;
  /** Those whose answer is awaited. */
  #awaited = new Set<string>();
  #isOver = false;

  constructor(client: Client, clock: Clock, listener: OutgoingListener) {
    this.#client = client;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** In the order of writing. */
  of(chat: string): readonly Sending[] {
    return this.#byChat.get(chat) ?? [];
  }

  send(chat: string, text: string, replyTo: string | null): void {
    const sending: Sending = {
      chat,
      key: newId(),
      text,
      replyTo,
      at: this.#clock.wall(),
      slow: false,
      failure: null,
    };
    this.#put(sending);
    void this.#deliver(sending);
  }

  /** Sends a refused message again. */
  retry(chat: string, key: string): void {
    const failed = this.#find(chat, key);
    if (failed === null || failed.failure === null) return;
    const sending: Sending = { ...failed, slow: false, failure: null };
    this.#remove(chat, key);
    this.#put(sending);
    void this.#deliver(sending);
    this.#forgetFailure(key);
  }

  /** Gives a message up that was refused, or was never written to a socket; false for any other. */
  discard(chat: string, key: string): boolean {
    const sending = this.#find(chat, key);
    if (sending === null) return false;
    if (sending.failure === null && !this.#client.chat(chat).withdraw(key)) return false;
    this.#remove(chat, key);
    this.#forgetFailure(key);
    return true;
  }

  /** The event of one's own message has come, perhaps before its acknowledgement. True where it was awaited. */
  arrived(chat: string, key: string): boolean {
    return this.#remove(chat, key);
  }

  /** Shows and awaits what an earlier visit, or a refused connection, has left. */
  resume(): void {
    for (const { chat, key, text, replyTo } of this.#client.unanswered) {
      const known = this.#find(chat, key);
      const sending = known ?? { chat, key, text, replyTo, at: this.#clock.wall(), slow: true, failure: null };
      if (known === null) this.#put(sending);
      if (sending.failure === null && !this.#awaited.has(key)) void this.#deliver(sending);
    }
  }

  /** Shows what was refused on an earlier visit. */
  async restore(kept: Kept): Promise<void> {
    this.#kept = kept;
    for (const { chat, key, text, replyTo, at, code, reason, advice } of await kept.failures()) {
      if (this.#find(chat, key) !== null) continue;
      this.#put({ chat, key, text, replyTo, at, slow: true, failure: { code, reason, advice } });
    }
  }

  dispose(): void {
    this.#isOver = true;
  }

  async #deliver(sending: Sending): Promise<void> {
    const { chat, key, text, replyTo } = sending;
    const cancel = this.#clock.ring(SLOW_MS, () => this.#change(chat, key, { slow: true }));
    this.#awaited.add(key);
    try {
      const ack = await this.#client.chat(chat).send(text, { key, replyTo });
      this.#remove(chat, key);
      this.#listener.acknowledged(sending, ack);
    } catch (cause) {
      if (!this.#isOver && this.#client.status.is !== 'refused') this.#refused(sending, cause);
    } finally {
      cancel();
      this.#awaited.delete(key);
    }
  }

  #refused(sending: Sending, cause: unknown): void {
    if (cause instanceof DOMException && cause.name === 'AbortError') return; // taken back
    if (!(cause instanceof TenfourError)) throw cause;
    const { code, detail, advice } = cause;
    this.#change(sending.chat, sending.key, { failure: { code, reason: detail, advice }, slow: true });
    const { chat, key, text, replyTo, at } = sending;
    this.#kept
      ?.keepFailure({ chat, key, text, replyTo, at, code, reason: detail, advice })
      .catch((trouble: unknown) => this.#listener.trouble('failure.not_kept', trouble));
  }

  #forgetFailure(key: string): void {
    this.#kept
      ?.forgetFailure(key)
      .catch((trouble: unknown) => this.#listener.trouble('failure.not_forgotten', trouble));
  }

  #find(chat: string, key: string): Sending | null {
    return this.of(chat).find((each) => each.key === key) ?? null;
  }

  #put(sending: Sending): void {
    this.#byChat.set(sending.chat, [...this.of(sending.chat), sending]);
    this.#listener.changed(sending.chat);
  }

  #change(chat: string, key: string, change: Partial<Sending>): void {
    if (this.#isOver || this.#find(chat, key) === null) return;
    this.#byChat.set(
      chat,
      this.of(chat).map((each) => (each.key === key ? { ...each, ...change } : each)),
    );
    this.#listener.changed(chat);
  }

  #remove(chat: string, key: string): boolean {
    const others = this.of(chat).filter((each) => each.key !== key);
    if (others.length === this.of(chat).length) return false;
    if (others.length === 0) this.#byChat.delete(chat);
    else this.#byChat.set(chat, others);
    this.#listener.changed(chat);
    return true;
  }
}

/** How a message on its way is shown. */
export function messageOf(sending: Sending, me: string, quote: Message['replyTo']): Message {
  return {
    key: sending.key,
    id: null,
    seq: null,
    by: me,
    mine: true,
    at: sending.at,
    text: sending.text,
    deleted: false,
    editedAt: null,
    replyTo: quote,
    status: sending.failure === null ? 'pending' : 'failed',
    slow: sending.slow,
    failure: sending.failure,
  };
}
