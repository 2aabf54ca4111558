/** The TypeScript SDK: one connection for all chats, an outbox, and typed events. See `docs/typescript-sdk.md`. */

import { delayMs } from './backoff.js';
import { Chat, type HistoryOptions, type SendOptions } from './chat.js';
import { inTime, systemClock, type Clock } from './clock.js';
import { decode, encode } from './codec.js';
import { ABNORMAL, Connection, type Effect, type Status } from './connection.js';
import { Credentials, type TokenSource } from './credentials.js';
import type { Cut, TimeLimit } from './cuts.js';
import { Deferred } from './deferred.js';
import { errorOf, failureOf, TenfourError } from './errors.js';
import type { Events } from './events.js';
import type { Behind, Page } from './feed.js';
import type { Retry } from './generated/errors.js';
import type { Ack, ClientFrame, ErrorFrame, Seq, ServerFrame, ToldFrame, Welcome } from './generated/frames.js';
import { chatId, newId } from './ids.js';
import { keepingHere, type Keeping } from './keeping.js';
import { Line, type LineListener } from './line.js';
import { Listeners } from './listeners.js';
import { Log, type LogLevels } from './log.js';
import type { Entry } from './outbox.js';
import { watchPage, type PageListener } from './page.js';
import { Receipts } from './receipts.js';
import { Rest, type HistoryPage } from './rest.js';
import { Sendings } from './sendings.js';
import type { WebSocketConstructor } from './transport.js';

const RETRY_AFTER_MS = 1_000;
const NORMAL = 1000;
const UNREADABLE = 1002;
const BAD_TOKEN = 4401;
/** How long a line may be silent that is asked for a sign of life, because the page was asleep. */
const SIGN_OF_LIFE_MS = 5_000;
const LEVELS = { idle: 'info', connecting: 'info', connected: 'info', waiting: 'warn', refused: 'error' } as const;

export interface ClientOptions {
  /** The server's address: it begins with `http://` or `https://`. */
  readonly url: string;
  readonly token: TokenSource;
  /** The user's id, where it is known before the server says it: what was kept over a reload is there at once then. */
  readonly user?: string;
  /** Goes through the door of this one chat. */
  readonly onlyChat?: string;
  /** Is told every status. */
  readonly onStatus?: (status: Status) => void;
  /** Is told every frame that is no event of a chat: typing, receipts, presence, errors, goodbye, reset … */
  readonly onFrame?: (frame: ToldFrame) => void;
  /** Where there is no global `WebSocket` (Node before 22.4), that of the package `ws`. */
  readonly webSocket?: WebSocketConstructor;
  readonly fetch?: typeof fetch;
  /** Where messages on their way survive a reload; in browsers IndexedDB, elsewhere nowhere. null: nowhere. */
  readonly keeping?: Keeping | null;
  readonly log?: LogLevels;
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** The client was closed before the answer came; `Client.unanswered` has what was on its way. */
export class ClientClosed extends Error {
  override readonly name = 'ClientClosed';

  constructor() {
    super('The client is closed.');
  }
}

/**
 * A user's connection to a server. Everything that it opens, `close` closes.
 *
 * Throws `TypeError` for an address that is none. `onStatus` and `onFrame` run in a microtask of their own; what they
 * throw is reported and harms nothing else.
 */
export class Client {
  readonly #onStatus: ClientOptions['onStatus'];
  readonly #onFrame: ClientOptions['onFrame'];
  readonly #onlyChat: string | undefined;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: Log;
  readonly #storeLog: Log;
  readonly #rest: Rest;
  readonly #line: Line;
  readonly #connection: Connection;
  readonly #sendings: Sendings;
  readonly #receipts = new Receipts();
  readonly #listeners: Listeners;
  #user: string | undefined;
  #welcome: Welcome | null = null;
  #unwatch: (() => void) | null = null;
  /** Silences the timer. */
  #silence: (() => void) | null = null;
  #ringsAt = Infinity;
  #turn = new Deferred<void>();
  #closing: Promise<void> | null = null;
  #signOfLifeBy = Infinity;
  #pings = 0;
  #pingedAt = 0;
  #latencyMs: number | null = null;

  constructor(options: ClientOptions) {
    const { clock = systemClock, random = Math.random, log = {}, webSocket = globalWebSocket() } = options;
    const url = addressOf(options.url);
    const only = options.onlyChat === undefined ? {} : { onlyChat: chatId(options.onlyChat) };
    const credentials = new Credentials(options.token, clock);
    this.#onStatus = options.onStatus;
    this.#onFrame = options.onFrame;
    this.#onlyChat = only.onlyChat;
    this.#clock = clock;
    this.#random = random;
    this.#user = options.user;
    this.#log = new Log('WebSocket', log.connection);
    this.#storeLog = new Log('WebSocketStore', log.store);
    const rest = (this.#rest = new Rest(url, credentials, options.fetch ?? fetch.bind(globalThis), clock));
    this.#line = new Line({ url, webSocket, credentials, rest, clock, log: this.#log }, this.#lineListener);
    this.#connection = new Connection(random, only);
    const keeping = options.keeping === undefined ? keepingHere(url, only) : options.keeping;
    this.#sendings = new Sendings(keeping, this.#storeLog, clock);
    this.#listeners = new Listeners(
      this.#connection,
      (behind) => this.#readPage(behind),
      (effects) => this.#carryOut(effects),
    );
  }

  /** Begins to connect, also after a refusal; returns at once. */
  start(): void {
    this.#checkOpen();
    this.#unwatch ??= watchPage(this.#pageListener);
    void this.#adopt();
    this.#carryOut(this.#connection.start(this.#clock.now()));
  }

  /** Tells that the network is back: the next attempt is made at once, and an open line is asked for a sign of life. */
  online(): void {
    if (this.#closing !== null) return;
    if (this.status.is === 'connected') {
      this.#signOfLifeBy = Math.min(this.#signOfLifeBy, this.#clock.now() + SIGN_OF_LIFE_MS);
      this.#measure();
    }
    this.#carryOut(this.#connection.online(this.#clock.now()));
  }

  /** Returns once every message that was sent so far has its answer. */
  flush(): Promise<void> {
    return this.#sendings.flush();
  }

  /** Ends everything. Who still waits in `send` gets `ClientClosed`; `flush` first lets the answers come. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Deletes all that this browser keeps of the user's messages on their way: for logging out. */
  async forget(): Promise<void> {
    if (this.#user !== undefined) await this.#sendings.forget(this.#user);
  }

  // What is

  get status(): Status {
    return this.#connection.status;
  }

  /** What the server said when it admitted the last connection. */
  get welcome(): Welcome | null {
    return this.#welcome;
  }

  /** Names the history that seqs count in: keep it beside a seq that is to outlive the page. */
  get epoch(): string | null {
    return this.#connection.epoch;
  }

  /** How many messages have no answer yet. */
  get waiting(): number {
    return this.#sendings.outbox.size;
  }

  /** Messages without an answer, also those that `close` or a refusal left: to be sent again with their keys. */
  get unanswered(): readonly Entry[] {
    return [...this.#sendings.outbox];
  }

  /** Whether messages on their way survive a reload. */
  get keeps(): boolean {
    return this.#sendings.keeps;
  }

  /** How the last connections ended that nobody said goodbye to. */
  get cuts(): readonly Cut[] {
    return this.#connection.cuts;
  }

  /** The limit that a proxy on the way seems to have, where the last three connections were cut alike. */
  get timeLimit(): TimeLimit | null {
    return this.#connection.timeLimit;
  }

  /** How long the last ping took to the server and back; null before the first. */
  get latencyMs(): number | null {
    return this.#latencyMs;
  }

  /** How much the console is told; what is left out stays as it is. */
  setLog({ connection, store }: LogLevels): void {
    this.#log.level = connection ?? this.#log.level;
    this.#storeLog.level = store ?? this.#storeLog.level;
  }

  /** Returns once `welcome` has come; throws `TenfourError` where the server says no for good. */
  connected(): Promise<void> {
    return this.#until(() => this.status.is === 'connected');
  }

  /** Returns once what was kept over a reload is back in the outbox: with `user` at once, without after `welcome`. */
  async ready(): Promise<void> {
    await this.#adopt();
    await this.#until(() => this.#sendings.isBack);
  }

  /** Returns once the chat is live; throws `TenfourError` where it is not followed, or not any more. */
  synced(chat: string): Promise<void> {
    return this.#until(() => {
      const place = this.#connection.places.get(chat);
      if (place !== undefined || this.status.is === 'refused' || this.#closing !== null) return place?.live === true;
      throw new TenfourError('not_subscribed');
    });
  }

  // What an application wants

  /** One chat; throws `TenfourError` (`chat_id_invalid`) before anything is sent. */
  chat(id: string): Chat {
    const chat = chatId(id);
    this.#checkDoor(chat);
    return new Chat(this, chat);
  }

  /** The events of every chat of the user from now on, of those joined later too. */
  followAll(): Events {
    this.#checkOpen();
    this.#checkDoor(undefined);
    return this.#listeners.ofAll();
  }

  // What chats use

  /** @internal */
  async post(chat: string, text: string, { key = newId(), replyTo = null, signal }: SendOptions): Promise<Ack> {
    this.#checkOpen();
    if (this.status.is === 'refused') throw errorOf(this.status.code, this.status);
    const answer = this.#sendings.post({ chat, key, text, replyTo }, signal);
    this.#goOn();
    return answer;
  }

  /** @internal */
  withdraw(chat: string, key: string): boolean {
    return this.#sendings.withdraw({ chat, key }, this.status.is === 'refused');
  }

  /** @internal */
  listen(chat: string, after: Seq | null, epoch: string | null): Events {
    this.#checkOpen();
    return this.#listeners.ofChat(chat, after, epoch);
  }

  /** @internal */
  noteReceipt(chat: string, reached: { readonly delivered?: Seq; readonly read?: Seq }): void {
    this.#checkOpen();
    this.#receipts.note(chat, reached);
    this.#goOn();
  }

  /** Writes a frame that need not survive a disconnection. @internal */
  transmit(frame: ClientFrame): void {
    if (this.status.is === 'connected') this.#line.write(frame);
  }

  /** @internal */
  async history(chat: string, options: HistoryOptions): Promise<HistoryPage> {
    this.#checkOpen();
    return this.#rest.history(chat, options);
  }

  // Waiting

  #checkOpen(): void {
    if (this.#closing !== null) throw new ClientClosed();
  }

  /** The door of one chat has no other. */
  #checkDoor(chat: string | undefined): void {
    if (this.#onlyChat !== undefined && this.#onlyChat !== chat) throw new TenfourError('not_subscribed');
  }

  /** Returns once it is so; throws where that cannot be any more. */
  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      this.#checkOpen();
      if (this.status.is === 'refused') throw errorOf(this.status.code, this.status);
      await this.#turn.promise;
    }
  }

  #wake(): void {
    this.#turn.resolve();
    this.#turn = new Deferred();
  }

  async #close(): Promise<void> {
    this.#unwatch?.();
    const gone = this.#line.shut(NORMAL);
    this.#carryOut(this.#connection.stop());
    this.#sendings.giveUp(() => new ClientClosed());
    this.#listeners.end(() => 'done');
    this.#rest.close();
    await gone;
    await this.#sendings.close();
  }

  // Effects

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) this.#carryOutOne(effect);
    this.#goOn();
  }

  #carryOutOne(effect: Effect): void {
    switch (effect.is) {
      case 'happened': {
        const { frame } = effect;
        this.#listeners.tell(frame.chat, (feed, epoch) => feed.offer(frame, epoch));
        break;
      }
      case 'told':
        this.#told(effect.frame);
        break;
      case 'transmit':
        this.#line.write(effect.frame);
        break;
      case 'open':
        void this.#line.open(effect.newToken, effect.path);
        break;
      case 'shut':
        void this.#line.shut(effect.code);
        break;
      case 'renewToken':
        void this.#line.renew();
        break;
      case 'lost': {
        const { chat, head, newHistory } = effect;
        this.#listeners.tell(chat, (feed, epoch) => feed[newHistory ? 'replaced' : 'reached'](chat, head, epoch));
        break;
      }
      case 'unfollowed':
        this.#listeners.unfollowed(effect.chat, errorOf(effect.code, effect));
        this.#wake();
        break;
      case 'changed':
        this.#changed(effect.status);
        break;
    }
  }

  #changed(status: Status): void {
    const { is, ...facts } = status;
    this.#log.say(LEVELS[is], is, facts);
    if (is !== 'connected') {
      this.#sendings.outbox.disconnected();
      this.#receipts.disconnected(this.#clock.now());
      this.#signOfLifeBy = Infinity;
    }
    if (is === 'refused') {
      const why = (): TenfourError => errorOf(status.code, status);
      this.#sendings.giveUp(why);
      this.#listeners.end(why);
    }
    this.#wake();
    this.#call(this.#onStatus, status);
  }

  #told(frame: ToldFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.#welcome = frame;
        this.#user = frame.user.id;
        this.#sendings.outbox.connected(frame.limits.sends_per_s, this.#clock.now());
        void this.#adopt();
        this.#measure();
        break;
      case 'ack':
        this.#sendings.answered(frame.chat, frame.key, frame);
        break;
      case 'error':
        this.#refused(frame);
        break;
      case 'synced':
        this.#listeners.tell(frame.chat, (feed) => feed.reached(frame.chat, frame.seq, frame.epoch));
        this.#wake();
        break;
      case 'reset':
        this.#listeners.tell(frame.chat, (feed) => feed.reached(frame.chat, frame.head, frame.epoch));
        this.#wake();
        break;
      case 'pong':
        if (frame.id === String(this.#pings)) this.#latencyMs = this.#clock.now() - this.#pingedAt;
        break;
      default: // for the application alone
    }
    this.#call(this.#onFrame, frame);
  }

  /** Tells the application; what it throws is its own affair, and is reported as such. */
  #call<T>(callback: ((told: T) => void) | undefined, told: T): void {
    queueMicrotask(() => {
      try {
        callback?.(told);
      } catch (cause) {
        if (typeof reportError === 'function') reportError(cause);
        else this.#log.say('error', 'callback_failed', cause);
      }
    });
  }

  // Messages

  readonly #maySend = (chat: string): boolean => this.#sendings.isBack && this.#connection.maySend(chat);

  #sendWaiting(): void {
    if (this.status.is !== 'connected') return;
    const now = this.#clock.now();
    for (const { chat, key, text, replyTo } of this.#sendings.outbox.take(now, this.#maySend)) {
      const frame: ClientFrame = { type: 'send', chat, key, text, reply_to: replyTo };
      const size = new TextEncoder().encode(encode(frame)).length;
      // One that is too large would cost the connection.
      if (size <= (this.#welcome?.limits.frame_bytes ?? size)) this.#line.write(frame);
      else this.#sendings.answered(chat, key, new TenfourError('text_too_long'));
    }
    for (const receipt of this.#receipts.take(now)) this.#line.write(receipt);
  }

  #refused({ code, detail, advice, chat, key, retry_after_ms }: ErrorFrame): void {
    if (chat === null || key === null) return;
    if (mayRetry(failureOf(code)?.retry)) {
      this.#sendings.outbox.hold(chat, key, this.#clock.now() + (retry_after_ms ?? RETRY_AFTER_MS));
      return;
    }
    this.#storeLog.say('warn', 'message_refused', { chat, key, code });
    this.#sendings.answered(chat, key, errorOf(code, { detail, advice }));
  }

  /** Takes over what pages have left that are gone; the first time that is what was kept over a reload. */
  async #adopt(): Promise<void> {
    if (this.#user === undefined) return;
    await this.#sendings.adopt(this.#user);
    this.#wake();
    this.#goOn();
  }

  /** A page of the history that the connection is in; waits until the server gives one. null where the client is closed. */
  async #readPage({ chat, after }: Behind): Promise<Page | null> {
    for (let attempt = 1; this.#closing === null; attempt += 1) {
      let waitMs = delayMs(attempt, this.#random());
      try {
        const page = await this.#rest.events(chat, after);
        if (page.epoch === this.epoch) return page;
      } catch (cause) {
        if (cause instanceof TenfourError && !mayRetry(cause.retry)) throw cause;
        if (cause instanceof TenfourError) waitMs = Math.max(waitMs, cause.retryAfterMs ?? 0);
        this.#log.say('debug', 'page_missing', { chat, after }, cause);
      }
      // Not longer than until the connection changes.
      await inTime(this.#clock, waitMs, this.#turn.promise, '').catch(() => undefined);
    }
    return null;
  }

  // The line

  readonly #lineListener: LineListener = {
    heard: (text) => this.#heard(text),
    closed: (code, reason) => this.#carryOut(this.#connection.closed(code, reason, this.#clock.now())),
    unreachable: (why, detail) => this.#carryOut(this.#connection.unreachable(why, this.#clock.now(), { detail })),
  };

  #heard(text: string): void {
    let frame: ServerFrame | null;
    try {
      frame = decode(text);
    } catch (cause) {
      this.#log.say('error', 'unreadable', cause);
      this.#giveUp(UNREADABLE, '');
      return;
    }
    const now = this.#clock.now();
    this.#signOfLifeBy = Infinity;
    this.#connection.touched(now);
    if (frame === null) return;
    this.#log.say('debug', frame.type);
    if (frame.type === 'welcome' && this.#user !== undefined && frame.user.id !== this.#user) {
      this.#giveUp(BAD_TOKEN, 'token_other_user: The token is of another user'); // this user's messages are not to go out as another's
      return;
    }
    this.#carryOut(this.#connection.heard(frame, now));
    if (frame.type !== 'ping') return;
    this.#measure();
    void this.#adopt();
  }

  /** Gives the connection up, as if it had ended like that. */
  #giveUp(code: number, reason: string): void {
    void this.#line.shut(code);
    this.#lineListener.closed(code, reason);
  }

  /** Asks for a pong, to know how long the way is. */
  #measure(): void {
    this.#pings += 1;
    this.#pingedAt = this.#clock.now();
    this.transmit({ type: 'ping', id: String(this.#pings) });
  }

  readonly #pageListener: PageListener = {
    awake: () => {
      void this.#adopt();
      this.online();
    },
    left: () => this.#carryOut(this.#connection.stop()),
    returned: () => this.start(),
  };

  // Time

  /** Sends what may go out, and sets the one timer for whatever is due next; one that rings too early is set again. */
  #goOn(): void {
    this.#sendWaiting();
    const due = [this.#connection.nextTickAt(), this.#signOfLifeBy];
    if (this.status.is === 'connected') due.push(this.#sendings.outbox.nextAt(this.#maySend), this.#receipts.nextAt());
    const nextAt = Math.min(...due.map((at) => at ?? Infinity));
    if (nextAt < this.#ringsAt || nextAt === Infinity) {
      this.#silence?.();
      this.#silence = null;
    }
    if (nextAt === Infinity || this.#silence !== null) return;
    this.#ringsAt = nextAt;
    this.#silence = this.#clock.ring(Math.max(0, nextAt - this.#clock.now()) + 1, () => {
      this.#silence = null;
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#clock.now();
    if (now >= this.#signOfLifeBy) this.#giveUp(ABNORMAL, '');
    this.#carryOut(this.#connection.ticked(now));
  }
}

function mayRetry(retry: Retry | undefined): boolean {
  return retry === 'after_delay' || retry === 'at_once';
}

function addressOf(url: string): string {
  if (!/^https?:\/\/[^/?#]+[^?#]*$/.test(url)) {
    throw new TypeError(`A server's address looks like https://chat.example.org, not like ${JSON.stringify(url)}`);
  }
  return url.replace(/\/+$/, '');
}

function globalWebSocket(): WebSocketConstructor {
  if (typeof WebSocket === 'undefined') throw new TypeError('There is no WebSocket here: give that of the package ws.');
  return WebSocket;
}
