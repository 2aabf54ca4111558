/** The TypeScript SDK: one connection for all chats, an outbox, and typed events. See `docs/typescript-sdk.md`. */

import { delayMs } from './backoff';
import { Chat, type HistoryOptions, type SendOptions } from './chat';
import { inTime, systemClock, type Clock } from './clock';
import { decode, encode } from './codec';
import { ABNORMAL, Connection, type Effect, type Status } from './connection';
import { Credentials, type TokenSource } from './credentials';
import type { Cut, TimeLimit } from './cuts';
import { Deferred } from './deferred';
import { errorOf, failureOf, TenfourError } from './errors';
import type { Events } from './events';
import { Feed, type Behind, type Page } from './feed';
import type { Ack, ClientFrame, ErrorFrame, Seq, ServerFrame, ToldFrame, Welcome } from './generated/frames';
import { chatId, newId } from './ids';
import { IndexedDbKeeping, type Keeping } from './keeping';
import { Listeners } from './listeners';
import { Log, type LogLevels } from './log';
import type { Entry } from './outbox';
import { watchPage } from './page';
import { Receipts } from './receipts';
import { Rest, type HistoryPage } from './rest';
import { Sendings } from './sendings';
import { Socket, type WebSocketConstructor } from './transport';

const RETRY_AFTER_MS = 1_000;
const UNREADABLE = 1002;
const BAD_TOKEN = 4401;
/** Events that wait for a listener; what comes beyond is read from the history when it gets there. */
const FEED_ROOM = 1_000;
const GONE_DEADLINE_MS = 2_000;
/** How long a line may be silent that is asked for a sign of life, because the page was asleep. */
const SIGN_OF_LIFE_MS = 5_000;

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
}

/**
 * A user's connection to a server. Everything that it opens, `close` closes.
 *
 * Throws `TypeError` for an address that is none. `onStatus` and `onFrame` run in a microtask of their own; what they
 * throw is reported and harms nothing else.
 */
export class Client {
  readonly #url: string;
  readonly #onlyChat: string | null;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #webSocket: WebSocketConstructor;
  readonly #onStatus: ((status: Status) => void) | undefined;
  readonly #onFrame: ((frame: ToldFrame) => void) | undefined;
  readonly #log: Log;
  readonly #storeLog: Log;
  readonly #credentials: Credentials;
  readonly #rest: Rest;
  readonly #connection: Connection;
  readonly #sendings: Sendings;
  readonly #receipts = new Receipts();
  readonly #listeners: Listeners;
  readonly #watching = new AbortController();
  #user: string | null;
  #welcome: Welcome | null = null;
  #socket: Socket | null = null;
  /** Counts the attempts to open a socket: what belongs to an older one is dropped. */
  #attempt = 0;
  #silence: (() => void) | null = null;
  #ringsAt = Infinity;
  #lastToken: string | null = null;
  #turn = new Deferred<void>();
  #closing: Promise<void> | null = null;
  /** Whether the page went away while the client was at work. */
  #isAway = false;
  #isWatching = false;
  #signOfLifeBy: number | null = null;
  #pings = 0;
  #pingedAt = 0;
  #latencyMs: number | null = null;

  constructor(options: ClientOptions) {
    const { token, onlyChat, clock = systemClock, random = Math.random, log = {} } = options;
    this.#url = addressOf(options.url);
    this.#onlyChat = onlyChat === undefined ? null : chatId(onlyChat);
    this.#clock = clock;
    this.#random = random;
    this.#webSocket = options.webSocket ?? globalWebSocket();
    this.#onStatus = options.onStatus;
    this.#onFrame = options.onFrame;
    this.#user = options.user ?? null;
    this.#log = new Log('WebSocket', log.connection);
    this.#storeLog = new Log('WebSocketStore', log.store);
    this.#credentials = new Credentials(token, clock);
    this.#rest = new Rest(this.#url, this.#credentials, options.fetch ?? fetch.bind(globalThis), clock);
    this.#connection = new Connection(random, this.#onlyChat === null ? {} : { onlyChat: this.#onlyChat });
    this.#sendings = new Sendings(this.#keepingOf(options.keeping), this.#storeLog, clock);
    this.#listeners = new Listeners(
      (behind) => this.#readPage(behind),
      (chat) => this.#isClosed || this.#carryOut(this.#connection.unfollow(chat)),
    );
  }

  /** Begins to connect, also after a refusal; returns at once. */
  start(): void {
    this.#checkOpen();
    if (this.#user !== null) void this.#bringBack(this.#user);
    this.#sendings.tryAgain();
    if (!this.#isWatching) watchPage(this.#page, this.#watching.signal);
    this.#isWatching = true;
    this.#carryOut(this.#connection.start(this.#now()));
  }

  /** Tells that the network is back: the next attempt is made at once, and an open line is asked for a sign of life. */
  online(): void {
    if (this.#isClosed) return;
    this.#carryOut(this.#connection.online(this.#now()));
    if (this.status.is !== 'connected') return;
    this.#signOfLifeBy ??= this.#now() + SIGN_OF_LIFE_MS;
    this.#measure();
    this.#arm();
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
    if (this.#user !== null) await this.#sendings.forget(this.#user);
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
    return this.#sendings.unanswered;
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
    if (this.#user !== null) await this.#bringBack(this.#user);
    await this.#until(() => this.#sendings.isBack);
  }

  /** Returns once the chat is live; throws `TenfourError` where it is not followed, or not any more. */
  synced(chat: string): Promise<void> {
    return this.#until(() => this.#isLive(chat));
  }

  // What an application wants

  /** One chat; throws `TenfourError` (`chat_id_invalid`) before anything is sent. */
  chat(id: string): Chat {
    const chat = chatId(id);
    if (this.#onlyChat !== null && chat !== this.#onlyChat) throw new TenfourError('not_subscribed');
    return new Chat(this, chat);
  }

  /** The events of every chat of the user from now on, of those joined later too. */
  followAll(): Events {
    this.#checkOpen();
    if (this.#onlyChat !== null) throw new TenfourError('not_subscribed');
    const feed = new Feed(FEED_ROOM);
    for (const [chat, { seq, epoch }] of this.#connection.places) feed.begin(chat, seq, epoch);
    const events = this.#listeners.add(null, feed);
    if (!this.#connection.wantsRest) this.#carryOut(this.#connection.follow(new Map(), { rest: true }));
    return events;
  }

  // What chats use

  /** @internal */
  async post(chat: string, text: string, { key, replyTo = null, signal }: SendOptions): Promise<Ack> {
    this.#checkOpen();
    if (this.status.is === 'refused') throw errorOf(this.status.code, this.status);
    const answer = this.#sendings.post({ chat, key: key ?? newId(), text, replyTo }, signal);
    this.#sendWaiting();
    this.#arm();
    return answer;
  }

  /** @internal */
  withdraw(chat: string, key: string): boolean {
    return this.#sendings.withdraw(chat, key);
  }

  /** @internal */
  listen(chat: string, after: Seq | null, epoch: string | null): Events {
    this.#checkOpen();
    const feed = new Feed(FEED_ROOM);
    const events = this.#listeners.add(chat, feed);
    const known = this.#connection.places.get(chat);
    const isSameEpoch = epoch === null || epoch === known?.epoch;
    const isAhead = known?.live === true && after !== null && after > (known.seq ?? 0) && isSameEpoch;
    if (known === undefined || isAhead) {
      // Who is ahead of all that has come may have a seq of another history: the server knows.
      feed.begin(chat, after, epoch);
      this.#carryOut(this.#connection.follow(new Map([[chat, after]]), { epoch }));
    }
    const place = this.#connection.places.get(chat);
    if (after === null) {
      feed.begin(chat, place?.seq ?? null, place?.epoch ?? null);
    } else {
      feed.begin(chat, after, epoch);
      if (place?.live === true && place.seq !== null && place.epoch !== null)
        feed.reached(chat, place.seq, place.epoch);
    }
    return events;
  }

  /** @internal */
  noteReceipt(chat: string, reached: { readonly delivered?: Seq; readonly read?: Seq }): void {
    this.#checkOpen();
    this.#receipts.note(chat, reached);
    this.#sendWaiting();
    this.#arm();
  }

  /** Writes a frame that need not survive a disconnection; false where there is no connection. @internal */
  transmit(frame: ClientFrame): boolean {
    if (this.#socket === null || this.status.is !== 'connected') return false;
    this.#socket.write(encode(frame));
    return true;
  }

  /** @internal */
  async history(chat: string, { before, after, around, limit }: HistoryOptions): Promise<HistoryPage> {
    this.#checkOpen();
    return this.#rest.history(chat, { before, after, around, limit });
  }

  // Waiting

  get #isClosed(): boolean {
    return this.#closing !== null;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClientClosed('The client is closed.');
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

  #isLive(chat: string): boolean {
    const place = this.#connection.places.get(chat);
    if (place === undefined && this.status.is !== 'refused' && !this.#isClosed) {
      const detail = 'Nobody listens to this chat, or the server has nothing of it for this user.';
      throw new TenfourError('not_subscribed', { detail });
    }
    return place?.live === true;
  }

  async #close(): Promise<void> {
    const socket = this.#socket;
    this.#watching.abort();
    this.#carryOut(this.#connection.stop());
    this.#sendings.giveUp(() => new ClientClosed('The client was closed before the answer came.'));
    this.#listeners.end(() => 'done');
    this.#rest.close();
    this.#wake();
    if (socket !== null) await this.#goneInTime(socket);
    await this.#sendings.close();
  }

  /** Returns once the socket is closed; one that does not close in time is cut. */
  async #goneInTime(socket: Socket): Promise<void> {
    const late = new Error('the socket does not close');
    await inTime(this.#clock, GONE_DEADLINE_MS, socket.gone, () => late).catch(() => socket.cut());
  }

  // Effects

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) this.#carryOutOne(effect);
    this.#sendWaiting();
    this.#arm();
  }

  #carryOutOne(effect: Effect): void {
    switch (effect.is) {
      case 'happened': {
        const { frame } = effect;
        this.#listeners.change(frame.chat, (feed) => feed.offer(frame, this.#theEpoch()));
        break;
      }
      case 'told':
        this.#told(effect.frame);
        break;
      case 'transmit':
        this.#socket?.write(encode(effect.frame));
        break;
      case 'open':
        void this.#open(effect.newToken, effect.path);
        break;
      case 'shut':
        this.#shut(effect.code);
        break;
      case 'renewToken':
        void this.#renew();
        break;
      case 'lost': {
        const { chat, head, newHistory } = effect;
        const epoch = this.#theEpoch();
        this.#listeners.change(chat, (feed) =>
          newHistory ? feed.replaced(chat, head, epoch) : feed.reached(chat, head, epoch),
        );
        break;
      }
      case 'unfollowed':
        this.#log.say('info', 'chat.unfollowed', { chat: effect.chat, code: effect.code });
        this.#listeners.unfollowed(effect.chat, errorOf(effect.code, effect));
        this.#wake();
        break;
      case 'changed':
        this.#statusChanged(effect.status);
        break;
    }
  }

  #theEpoch(): string {
    const { epoch } = this.#connection;
    if (epoch === null) throw new Error('events come after welcome');
    return epoch;
  }

  #statusChanged(status: Status): void {
    this.#tell(status);
    if (status.is !== 'connected') {
      this.#sendings.outbox.disconnected();
      this.#receipts.disconnected(this.#now());
      this.#signOfLifeBy = null;
    }
    if (status.is === 'refused') {
      const why = (): TenfourError => errorOf(status.code, status);
      this.#sendings.giveUp(why);
      this.#listeners.end(why);
    }
    this.#wake();
    this.#call(this.#onStatus, status);
  }

  /** A line for a status. */
  #tell(status: Status): void {
    switch (status.is) {
      case 'waiting':
        this.#log.say('warn', 'waiting', { why: status.why, retry_in_ms: status.retryAt - this.#now() });
        break;
      case 'refused':
        this.#log.say('error', 'refused', { code: status.code, detail: status.detail });
        break;
      case 'connected':
        this.#log.say('info', 'connected', { connection: status.connection, heartbeat_ms: status.heartbeatMs });
        break;
      default:
        this.#log.say('info', status.is);
    }
  }

  #told(frame: ToldFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.#welcomed(frame);
        break;
      case 'ack':
        this.#sendings.answered(frame.chat, frame.key, frame);
        break;
      case 'error':
        this.#refused(frame);
        break;
      case 'synced':
        this.#reached(frame.chat, frame.seq, frame.epoch);
        break;
      case 'reset':
        this.#reached(frame.chat, frame.head, frame.epoch);
        break;
      case 'pong':
        if (frame.id === String(this.#pings)) this.#latencyMs = this.#now() - this.#pingedAt;
        break;
      default: // for the application alone
    }
    this.#call(this.#onFrame, frame);
  }

  #welcomed(frame: Welcome): void {
    this.#welcome = frame;
    this.#user = frame.user.id;
    this.#sendings.outbox.connected(frame.limits.sends_per_s, this.#now());
    void this.#bringBack(frame.user.id);
    void this.#adopt();
    this.#measure();
  }

  #reached(chat: string, head: Seq, epoch: string): void {
    this.#listeners.change(chat, (feed) => feed.reached(chat, head, epoch));
    this.#wake();
  }

  /** Tells the application; what it throws is its own affair, and is reported as such. */
  #call<T>(callback: ((told: T) => void) | undefined, told: T): void {
    if (callback === undefined) return;
    queueMicrotask(() => {
      try {
        callback(told);
      } catch (cause) {
        if (typeof reportError === 'function') reportError(cause);
        else this.#log.say('error', 'callback.failed', {}, cause);
      }
    });
  }

  // Messages

  #sendWaiting(): void {
    const socket = this.#socket;
    if (socket === null || this.status.is !== 'connected' || this.#welcome === null) return;
    for (const { chat, key, text, replyTo } of this.#sendings.outbox.take(this.#now(), this.#maySend)) {
      const payload = encode({ type: 'send', chat, key, text, reply_to: replyTo });
      if (new TextEncoder().encode(payload).length > this.#welcome.limits.frame_bytes) {
        this.#sendings.answered(chat, key, new TenfourError('text_too_long')); // it would cost the connection
      } else {
        socket.write(payload);
      }
    }
    for (const receipt of this.#receipts.take(this.#now())) socket.write(encode(receipt));
  }

  readonly #maySend = (chat: string): boolean => this.#sendings.isBack && this.#connection.maySend(chat);

  #refused({ code, detail, advice, chat, key, retry_after_ms }: ErrorFrame): void {
    if (chat === null || key === null) return;
    const retry = failureOf(code)?.retry;
    if (retry === 'after_delay' || retry === 'at_once') {
      this.#sendings.outbox.hold(chat, key, this.#now() + (retry_after_ms ?? RETRY_AFTER_MS));
      return;
    }
    this.#storeLog.say('warn', 'message.refused', { chat, key, code });
    this.#sendings.answered(chat, key, errorOf(code, { detail, advice }));
  }

  #keepingOf(given: Keeping | null | undefined): Keeping | null {
    if (given !== undefined) return given;
    if (typeof indexedDB === 'undefined') return null;
    return new IndexedDbKeeping(this.#url, this.#onlyChat === null ? {} : { onlyChat: this.#onlyChat });
  }

  async #bringBack(user: string): Promise<void> {
    await this.#sendings.bringBack(user);
    this.#goOn();
  }

  async #adopt(): Promise<void> {
    if (this.#user === null || !this.#sendings.isBack) return;
    await this.#sendings.adopt(this.#user);
    this.#goOn();
  }

  /** There may be more in the outbox. */
  #goOn(): void {
    this.#wake();
    this.#sendWaiting();
    this.#arm();
  }

  // Pages of events

  /** A page of the history that the connection is in; waits until the server gives one. null where the client is closed. */
  async #readPage({ chat, after }: Behind): Promise<Page | null> {
    for (let attempt = 1; !this.#isClosed; attempt += 1) {
      let waitMs = 0;
      try {
        const page = await this.#rest.events(chat, after);
        if (page.epoch === this.epoch) return page;
      } catch (cause) {
        if (cause instanceof TenfourError) {
          if (cause.retry !== 'after_delay' && cause.retry !== 'at_once') throw cause;
          waitMs = cause.retryAfterMs ?? 0;
        }
        this.#log.say('debug', 'page.missing', { chat, after }, cause);
      }
      await this.#pause(Math.max(waitMs, delayMs(attempt, this.#random())));
    }
    return null;
  }

  /** Waits, but not longer than until the connection changes. */
  async #pause(ms: number): Promise<void> {
    const over = new Deferred<void>();
    const silence = this.#clock.ring(ms, () => over.resolve());
    await Promise.race([over.promise, this.#turn.promise]);
    silence();
  }

  // The socket

  async #open(newToken: boolean, path: string): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    const isOver = (): boolean => attempt !== this.#attempt;
    const token = await this.#tokenFor(newToken, isOver);
    if (token === null || isOver()) return;
    this.#lastToken = token;
    try {
      this.#socket = new Socket(this.#webSocket, this.#url.replace(/^http/, 'ws') + path, token, {
        heard: (text) => isOver() || this.#heard(text),
        closed: (code, reason, wasOpen) => isOver() || void this.#closed(code, reason, wasOpen),
      });
    } catch (cause) {
      this.#log.say('error', 'socket.refused', {}, cause); // by the browser: a page of https may open no ws:, for one
      this.#carryOut(this.#connection.unreachable('socket_refused', this.#now(), { detail: String(cause) }));
    }
  }

  /** The token for a new socket; null where none is to be had, and the connection knows. */
  async #tokenFor(newToken: boolean, isOver: () => boolean): Promise<string | null> {
    try {
      return await (newToken ? this.#credentials.newToken(this.#lastToken) : this.#credentials.token());
    } catch (cause) {
      if (isOver()) return null;
      this.#log.say('error', 'token.not_given', {}, cause);
      const why = cause instanceof TenfourError ? cause.code : 'token_not_given';
      this.#carryOut(this.#connection.unreachable(why, this.#now(), { detail: String(cause) }));
      return null;
    }
  }

  /** Puts a new token on the open connection. Where none is to be had, the server ends it at the token's end. */
  async #renew(): Promise<void> {
    if (!this.#credentials.isRenewable) return;
    const known = this.#lastToken;
    try {
      const token = await this.#credentials.newToken(known);
      if (token === known || this.#isClosed) return; // the same again would only make the server ask again
      this.#lastToken = token;
      this.transmit({ type: 'authenticate', token });
    } catch (cause) {
      this.#log.say('warn', 'token.not_renewed', {}, cause);
    }
  }

  #shut(code: number): void {
    this.#attempt += 1;
    this.#socket?.shut(code);
    this.#socket = null;
  }

  #heard(text: string): void {
    const frame = this.#read(text);
    if (frame === undefined) return;
    const now = this.#now();
    this.#signOfLifeBy = null;
    if (frame === null) {
      this.#connection.touched(now);
      return;
    }
    this.#log.say('debug', 'heard', { type: frame.type });
    if (frame.type === 'welcome' && this.#user !== null && frame.user.id !== this.#user) {
      this.#end(BAD_TOKEN, 'token_other_user'); // this user's messages are not to go out as another's
      return;
    }
    this.#carryOut(this.#connection.heard(frame, now));
    if (frame.type === 'ping') {
      this.#measure();
      void this.#adopt();
    }
  }

  /** The frame in a text, null for one of an unknown type; undefined where it is none, and the connection is given up. */
  #read(text: string): ServerFrame | null | undefined {
    try {
      return decode(text);
    } catch (cause) {
      this.#log.say('error', 'unreadable', {}, cause);
      this.#end(UNREADABLE, '');
      return undefined;
    }
  }

  /** Gives the connection up, as if it had ended like that. */
  #end(code: number, reason: string): void {
    this.#shut(code);
    this.#carryOut(this.#connection.closed(code, reason, this.#now()));
  }

  async #closed(code: number, reason: string, wasOpen: boolean): Promise<void> {
    this.#socket = null;
    this.#log.say('info', 'closed', { code, reason });
    if (wasOpen) {
      this.#carryOut(this.#connection.closed(code, reason, this.#now()));
      return;
    }
    const attempt = this.#attempt;
    const why = await this.#rest.whyNoSocket();
    if (attempt === this.#attempt) this.#carryOut(this.#connection.unreachable(why, this.#now()));
  }

  readonly #page = {
    awake: (): void => {
      void this.#adopt();
      this.online();
    },
    left: (): void => {
      this.#isAway = this.status.is !== 'idle' && this.status.is !== 'refused';
      if (this.#isAway) this.#carryOut(this.#connection.stop());
    },
    returned: (): void => {
      if (this.#isAway) this.#carryOut(this.#connection.start(this.#now()));
      this.#isAway = false;
    },
  };

  // Time

  #now(): number {
    return this.#clock.now();
  }

  /** Asks for a pong, to know how long the way is. */
  #measure(): void {
    this.#pings += 1;
    this.#pingedAt = this.#now();
    this.transmit({ type: 'ping', id: String(this.#pings) });
  }

  /** One timer for whatever is due next; one that rings too early is set again. */
  #arm(): void {
    const due = [this.#connection.nextTickAt(), this.#signOfLifeBy];
    if (this.status.is === 'connected') due.push(this.#sendings.outbox.nextAt(this.#maySend), this.#receipts.nextAt());
    const nextAt = Math.min(...due.map((at) => at ?? Infinity));
    if (this.#silence !== null && (nextAt === Infinity || nextAt < this.#ringsAt)) {
      this.#silence();
      this.#silence = null;
    }
    if (nextAt === Infinity || this.#silence !== null) return;
    this.#ringsAt = nextAt;
    this.#silence = this.#clock.ring(Math.max(0, nextAt - this.#now()) + 1, () => {
      this.#silence = null;
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#now();
    if (this.#signOfLifeBy !== null && now >= this.#signOfLifeBy) this.#end(ABNORMAL, '');
    this.#carryOut(this.#connection.ticked(now));
  }
}

function addressOf(url: string): string {
  const parts = URL.canParse(url) ? new URL(url) : null;
  if (parts === null || !/^https?:$/.test(parts.protocol) || parts.search !== '' || parts.hash !== '') {
    throw new TypeError(`A server's address looks like https://chat.example.org, not like ${JSON.stringify(url)}`);
  }
  return url.replace(/\/+$/, '');
}

function globalWebSocket(): WebSocketConstructor {
  if (typeof WebSocket === 'undefined')
    throw new TypeError('There is no WebSocket here: give one as webSocket, from the package ws.');
  return WebSocket;
}
