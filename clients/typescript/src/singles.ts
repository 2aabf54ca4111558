/** Chats by their own doors: one connection each, for an application that shows one chat at a time. */

import type { Chat } from './chat.js';
import { Client, type ClientOptions } from './client.js';
import { chatId } from './ids.js';
import type { Entry } from './outbox.js';

/** Connections at a time; one more closes the one that was used the longest time ago. */
export const SINGLES_MAX = 3;

/** Messages on their way are kept as for `Client` without `keeping`. */
export type SinglesOptions = Omit<ClientOptions, 'onlyChat' | 'keeping'>;

/**
 * Opens chats by their own doors, at most three at a time. Everything that it opens, `close` closes.
 *
 * A chat that is closed to make room ends like a client that is closed: its listeners end, and who waits in `send` gets
 * `ClientClosed`. What had no answer goes out, under its key, when the chat is opened again.
 */
export class Singles {
  readonly #options: SinglesOptions;
  /** By chat; the last is the one that was used last. */
  readonly #open = new Map<string, Client>();
  readonly #left = new Map<string, readonly Entry[]>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: SinglesOptions) {
    this.#options = options;
  }

  /** Who is connected, by chat. */
  get clients(): ReadonlyMap<string, Client> {
    return this.#open;
  }

  /** What was left by chats that were closed to make room. */
  get unanswered(): readonly Entry[] {
    return [...this.#left.values()].flat();
  }

  /** The chat, connected or about to be; throws `TenfourError` (`chat_id_invalid`) before anything is sent. */
  chat(id: string): Chat {
    const chat = chatId(id);
    const client = this.#open.get(chat) ?? this.#connect(chat);
    this.#open.delete(chat);
    this.#open.set(chat, client);
    for (const [oldest, one] of this.#open) {
      if (this.#open.size <= SINGLES_MAX) break;
      this.#shut(oldest, one);
    }
    return client.chat(chat);
  }

  async close(): Promise<void> {
    for (const [chat, client] of this.#open) this.#shut(chat, client);
    await Promise.all(this.#closing);
  }

  #connect(chat: string): Client {
    const client = new Client({ ...this.#options, onlyChat: chat });
    client.start();
    for (const { key, text, replyTo } of this.#left.get(chat) ?? []) {
      // Whoever sent it was told when the chat was closed; a refusal is told by `onFrame`.
      client
        .chat(chat)
        .send(text, { key, replyTo })
        .catch(() => undefined);
    }
    this.#left.delete(chat);
    return client;
  }

  #shut(chat: string, client: Client): void {
    this.#open.delete(chat);
    const closing = client.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    if (client.unanswered.length > 0) this.#left.set(chat, client.unanswered);
  }
}
