/** One chat, as an application holds it. */

import type { Client } from './client.js';
import type { Events } from './events.js';
import type { Ack, Seq } from './generated/frames.js';
import type { HistoryPage } from './rest.js';

export interface SendOptions {
  /** The sender's own name for the message; made where none is given. */
  readonly key?: string;
  readonly replyTo?: string | null;
  /** Takes the message back if it was never written to a socket, and ends the wait. */
  readonly signal?: AbortSignal;
}

export interface EventsOptions {
  readonly after?: Seq | null;
  readonly epoch?: string | null;
}

export interface HistoryOptions {
  readonly before?: Seq;
  readonly after?: Seq;
  readonly around?: Seq;
  readonly limit?: number;
}

/** Sends to one chat and follows it; got from `Client.chat`. */
export class Chat {
  readonly id: string;
  readonly #client: Client;

  constructor(client: Client, id: string) {
    this.#client = client;
    this.id = id;
  }

  /**
   * The server's ack: the message is durable and has its seq.
   *
   * Waits through disconnections; the key keeps the message from doubling. Throws `TenfourError` where the server
   * refuses it for good, `ClientClosed` where the client was closed before. A second call with the same key and text
   * gets the same answer, also for what an earlier page has left.
   */
  send(text: string, options: SendOptions = {}): Promise<Ack> {
    return this.#client.post(this.id, text, options);
  }

  /** Gives a message up that was never written to a socket, or that a refusal has left; false for any other. */
  withdraw(key: string): boolean {
    return this.#client.withdraw(this.id, key);
  }

  /**
   * Every event after a seq, in order, each once, through disconnections, restarts and resets.
   *
   * Without a seq: from the chat's head when this connection was opened; if the chat is followed already, from now on.
   * `epoch` is the `Client.epoch` that the seq was got in: if the server has another one, the first item is
   * `HistoryReplaced`, and the new history follows from its beginning.
   */
  events({ after = null, epoch = null }: EventsOptions = {}): Events {
    return this.#client.listen(this.id, after, epoch);
  }

  /** Tells that everything up to a seq was read; at most once a second, the highest counts. */
  read(seq: Seq): void {
    this.#client.noteReceipt(this.id, { read: seq });
  }

  /** Tells that everything up to a seq has arrived. */
  delivered(seq: Seq): void {
    this.#client.noteReceipt(this.id, { delivered: seq });
  }

  /** Tells those who follow the chat that somebody types; it expires by itself after 7 s. */
  typing(active = true): void {
    this.#client.transmit({ type: 'typing', chat: this.id, active });
  }

  /** A page of messages in seq order; the newest without a position. Throws `ConnectionError` where nobody answers. */
  history(options: HistoryOptions = {}): Promise<HistoryPage> {
    return this.#client.history(this.id, options);
  }

  /** Returns once the chat, which is followed, is live on the present connection. */
  synced(): Promise<void> {
    return this.#client.synced(this.id);
  }
}
