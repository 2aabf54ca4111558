/** Everything of one signed-in person: the connection, and what it brings. */

import {
  Client,
  Log,
  TenfourError,
  isErrorCode,
  type AnyEvent,
  type Ack,
  type ClientOptions,
  type Events,
  type Status,
  type ToldFrame,
} from '@tenfour/client';
import { Api, Problem, Unreachable, type Shapes } from '../lib/api';
import { pageClock, type Clock } from '../lib/clock';
import type { Kept } from '../lib/kept';
import { Chats, type Head } from './chats.svelte';
import { ConnectionView } from './connection.svelte';
import { Conversation } from './conversation.svelte';
import { Drafts } from './drafts.svelte';
import { mentions, type ChatEntry } from './entry.svelte';
import { Outgoing, type Sending } from './outgoing.svelte';
import { People, type Person } from './people.svelte';
import type { Preferences } from './preferences.svelte';
import type { Me } from './session.svelte';

export interface Arrived {
  readonly chat: string;
  readonly seq: number;
  readonly by: Person;
  readonly text: string;
  readonly mentioned: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether it came as it was sent, and not in the replay after an interruption. */
  readonly live: boolean;
}

export interface MessengerOptions {
  readonly origin: string;
  readonly me: Me;
  readonly token: (renew: boolean) => Promise<string>;
  readonly preferences: Pick<Preferences, 'sendTyping'>;
  /** The connection was refused for good, because of who asked. */
  readonly onRefused?: (code: string) => void;
  /** The server has admitted the connection. */
  readonly onConnected?: () => void;
  readonly clock?: Clock;
  /** What the client takes beside that, for tests. */
  readonly client?: Pick<ClientOptions, 'webSocket'>;
}

const TEXT_CHARS = 16_000;
const SMALL_MAX = 50;
/** Conversations that stay loaded. */
const LOADED_MAX = 6;
const SIGNED_OUT = new Set(['token_revoked', 'user_disabled', 'refresh_invalid', 'refresh_reused']);

export class Messenger {
  readonly api: Api;
  readonly client: Client;
  readonly clock: Clock;
  readonly people: People;
  readonly me: Person;
  readonly connection: ConnectionView;
  readonly drafts: Drafts;
  readonly outgoing: Outgoing;
  readonly chats: Chats;
  readonly preferences: Pick<Preferences, 'sendTyping'>;
  #log = new Log('WebSocketStore');
  #isLogDetailed = $state(false);
  #kept: Kept | null = null;
  #opening: Promise<Kept | null> = Promise.resolve(null);
  #onRefused: (code: string) => void;
  #onConnected: () => void;
  #limits: { readonly textChars: number; readonly smallMax: number } = $state.raw({
    textChars: TEXT_CHARS,
    smallMax: SMALL_MAX,
  });
  /** The least recently used first. */
  #conversations = new Map<string, Conversation>();
  #listeners = new Set<(arrived: Arrived) => void>();
  #events: Events | null = null;
  /** What is not later than this came in a replay, by chat. */
  #replayed = new Map<string, number>();
  /** Events of chats that are being asked for. */
  #strange = new Map<string, AnyEvent[]>();
  #wasRefused = false;
  #isOver = false;
  #leaving = new AbortController();

  constructor({ origin, me, token, preferences, onRefused, onConnected, clock = pageClock, client }: MessengerOptions) {
    this.clock = clock;
    this.preferences = preferences;
    this.#onRefused = onRefused ?? (() => undefined);
    this.#onConnected = onConnected ?? (() => undefined);
    this.api = new Api(origin, token);
    this.people = new People(this.api);
    this.me = this.people.learn({ id: me.id, name: me.name, avatar: me.avatar, avatar_colour: me.colour });
    this.connection = new ConnectionView(clock);
    this.drafts = new Drafts(clock, (cause) => this.trouble('draft.not_kept', cause));
    this.client = new Client({
      url: origin,
      user: me.id,
      token: (renew) => this.#tokenFor(token, renew),
      clock,
      onStatus: (status) => this.#statusChanged(status),
      onFrame: (frame) => this.#told(frame),
      ...client,
    });
    this.connection.attach(this.client);
    this.outgoing = new Outgoing(this.client, clock, {
      changed: (chat) => this.#outgoingChanged(chat),
      acknowledged: (sending, ack) => this.#acknowledged(sending, ack),
      trouble: (what, cause) => this.trouble(what, cause),
    });
    this.chats = new Chats(this);
    if (typeof document === 'undefined') return;
    // A page that is hidden may never run again; one that is reloaded is hidden first.
    document.addEventListener('visibilitychange', () => this.#keepNow(), { signal: this.#leaving.signal });
  }

  /** Shows what was kept, connects, and loads. */
  async start(): Promise<void> {
    void this.#follow();
    this.client.start();
    const loading = this.chats.retry();
    this.#opening = this.#openKept();
    await this.#opening;
    await this.client.ready().catch((cause: unknown) => this.trouble('outbox.not_ready', cause));
    if (this.#isOver) return;
    this.outgoing.resume();
    await this.#restore();
    await loading;
  }

  /** Whether the browser's console is told every step, for whoever looks for a fault. */
  get isLogDetailed(): boolean {
    return this.#isLogDetailed;
  }

  set isLogDetailed(is: boolean) {
    this.#isLogDetailed = is;
    const level = is ? 'debug' : 'warn';
    this.#log.level = level;
    this.client.setLog({ connection: level, store: level });
  }

  /** The longest text that the server takes, in characters. */
  get textChars(): number {
    return this.#limits.textChars;
  }

  /** The largest chat in which receipts, typing and presence are told. */
  get smallMax(): number {
    return this.#limits.smallMax;
  }

  /** Always the same object for a chat that is open. */
  conversation(chat: string): Conversation {
    const conversation = this.#conversations.get(chat) ?? new Conversation(this, chat);
    this.#conversations.delete(chat);
    this.#conversations.set(chat, conversation);
    // Not at once: who asks may be deriving something, and must change nothing.
    queueMicrotask(() => this.#unload());
    return conversation;
  }

  /** A message by somebody else came; for notifications and what is read aloud. What comes back ends it. */
  onMessage(listener: (arrived: Arrived) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#leaving.abort();
    this.#events?.close();
    for (const conversation of this.#conversations.values()) conversation.dispose();
    this.chats.dispose();
    this.outgoing.dispose();
    this.drafts.dispose();
    this.people.dispose();
    this.connection.dispose();
    void this.client.close();
    this.#kept?.close();
    this.#kept = null;
  }

  // What the parts need of each other

  /** Whether somebody looks at the page. */
  isWatched(): boolean {
    return typeof document === 'undefined' || (document.visibilityState === 'visible' && document.hasFocus());
  }

  othersBetween(chat: string, after: number, upTo: number): number | null {
    return this.#conversations.get(chat)?.othersBetween(after, upTo) ?? null;
  }

  /** Everything in a chat is read. */
  markRead(entry: ChatEntry): void {
    const conversation = this.#conversations.get(entry.id);
    if (conversation === undefined) this.readUpTo(entry, entry.head);
    else conversation.markRead();
  }

  /** Tells the server how far one has read. */
  readUpTo(entry: ChatEntry, seq: number): void {
    if (entry.gone !== null || !entry.readUpTo(seq)) return;
    this.client.chat(entry.id).read(seq);
    this.chats.changed(entry);
  }

  /** Everything up to the head of what the server showed is on this device. */
  arrivedUpTo(entry: ChatEntry, shown: Shapes['ChatShown']): void {
    if (this.#isOver) return;
    if (shown.delivered < shown.head && entry.gone === null) this.client.chat(entry.id).delivered(shown.head);
  }

  heardProgress(entry: ChatEntry, shown: Shapes['ProgressShown']): void {
    entry.heardReceipt(shown.user, { delivered: shown.delivered, read: shown.read, readAt: readAtOf(shown) });
  }

  /** Keeps something in this browser; where that fails it is said, and the rest goes on. */
  keep(what: string, step: (kept: Kept) => Promise<void>): void {
    const later = () => this.#opening.then(() => (this.#kept === null ? undefined : step(this.#kept)));
    const done = this.#kept === null ? later() : step(this.#kept);
    done.catch((cause: unknown) => {
      if (!this.#isOver) this.trouble(what, cause);
    });
  }

  /** What this browser keeps; null where there is nothing, or it cannot be read. */
  async readKept<T>(what: string, read: (kept: Kept) => Promise<T | undefined>): Promise<T | null> {
    try {
      const kept = await this.#opening;
      return kept === null ? null : ((await read(kept)) ?? null);
    } catch (cause) {
      this.trouble(what, cause);
      return null;
    }
  }

  /** The person has changed their name or picture. */
  learnMe({ id, name, avatar, colour }: Me): void {
    this.people.learn({ id, name, avatar, avatar_colour: colour });
  }

  /** Something failed that the page goes on without. */
  trouble(what: string, cause: unknown): void {
    if (this.#isOver) return;
    if (cause instanceof Problem) this.#log.say('warn', what, { code: cause.code, request: cause.requestId });
    else if (cause instanceof Unreachable) this.#log.say('warn', what, { why: cause.why });
    else this.#log.say('error', what, {}, cause);
  }

  // Starting

  /** Opens what this browser keeps, and shows the list; null where it keeps nothing. */
  async #openKept(): Promise<Kept | null> {
    try {
      // What speaks to IndexedDB is needed after the first screen, not before it.
      const { Kept } = await import('../lib/kept');
      const kept = await Kept.open(this.me.id);
      if (this.#isOver) {
        kept.close();
        return null;
      }
      this.#kept = kept;
      const list = await kept.chats();
      for (const face of list?.people ?? []) this.people.recall(face);
      if (list !== undefined) this.chats.restore(list);
      return kept;
    } catch (cause) {
      this.connection.lacks('kept_messages');
      this.trouble('nothing.kept', cause);
      return null;
    }
  }

  async #restore(): Promise<void> {
    const kept = this.#kept;
    if (kept === null) return;
    try {
      await this.outgoing.restore(kept);
      await this.drafts.restore(kept, new Set(this.client.unanswered.map(({ text }) => text)));
    } catch (cause) {
      this.trouble('drafts.not_restored', cause);
    }
  }

  /** The SDK knows a refusal for good by its own kind of error. */
  async #tokenFor(token: (renew: boolean) => Promise<string>, renew: boolean): Promise<string> {
    try {
      return await token(renew);
    } catch (cause) {
      if (cause instanceof Problem && isErrorCode(cause.code))
        throw new TenfourError(cause.code, { detail: cause.detail });
      throw cause;
    }
  }

  // Events

  /** Takes the events of all chats, each once and in order, until the person leaves. */
  async #follow(): Promise<void> {
    const events = this.client.followAll();
    this.#events = events;
    try {
      for await (const event of events) {
        if (this.#isOver || this.#events !== events) return;
        if (event.type === 'history_replaced') {
          this.#historyReplaced();
          return;
        }
        this.#happened(event);
      }
    } catch (cause) {
      // The connection was refused: its status says why, and the next start follows anew.
      if (!(cause instanceof TenfourError)) throw cause;
    }
  }

  #happened(event: AnyEvent): void {
    this.connection.happened(event.chat, event.seq);
    const entry = this.chats.get(event.chat);
    const strange = this.#strange.get(event.chat);
    if (strange !== undefined) strange.push(event);
    else if (entry === null) void this.#find(event);
    else this.#listed(entry, event);
    if (event.type === 'message_sent' && 'by' in event && event.by === this.me.id) {
      this.#answeredElsewhere(event.chat, event.key);
    }
    this.#conversations.get(event.chat)?.happened(event);
    this.#deliveredOf(event);
  }

  #listed(entry: ChatEntry, event: AnyEvent): void {
    this.#apply(entry, event);
    this.chats.changed(entry);
  }

  #apply(entry: ChatEntry, event: AnyEvent): void {
    entry.passed(event.seq);
    if (!('by' in event)) return; // a kind that this version does not know
    switch (event.type) {
      case 'message_sent':
        entry.said(event);
        if (event.by !== this.me.id && !event.deleted)
          this.#arrived(entry, event.seq, event.by, event.text ?? '', event.at);
        break;
      case 'message_edited':
        entry.edited(event.id, event.deleted ? null : (event.text ?? null));
        break;
      case 'message_deleted':
        entry.edited(event.id, null);
        break;
      case 'member_joined':
      case 'member_left':
      case 'member_changed':
        entry.membersChanged(event);
        this.chats.membersOf(event.chat)?.happened(event);
        break;
      case 'chat_changed':
        entry.renamed(event);
        break;
      default: // reactions and pins, which no screen shows yet
    }
  }

  #arrived(entry: ChatEntry, seq: number, by: string, text: string, at: string): void {
    const live = seq > (this.#replayed.get(entry.id) ?? 0);
    const arrived: Arrived = {
      chat: entry.id,
      seq,
      by: this.people.get(by),
      text,
      mentioned: mentions(text, this.me.name),
      at: Date.parse(at),
      live,
    };
    for (const listener of this.#listeners) listener(arrived);
  }

  /** One's own message has come back before its acknowledgement, or from another device. */
  #answeredElsewhere(chat: string, key: string): void {
    if (this.outgoing.arrived(chat, key)) this.drafts.answered(chat);
  }

  #deliveredOf(event: AnyEvent): void {
    if ('by' in event && event.by !== this.me.id && this.chats.get(event.chat)?.gone === null) {
      this.client.chat(event.chat).delivered(event.seq);
    }
  }

  /** A chat that is not in the list: one has joined it, or it is too far down. What happens in it meanwhile waits for it. */
  async #find(first: AnyEvent): Promise<void> {
    const events = [first];
    this.#strange.set(first.chat, events);
    try {
      const entry = await this.chats.find(first.chat);
      if (this.#isOver) return;
      for (const event of events) this.#listed(entry, event);
      this.#conversations.get(first.chat)?.appeared();
    } catch (cause) {
      this.trouble('chat.not_found', cause);
    } finally {
      this.#strange.delete(first.chat);
    }
  }

  #historyReplaced(): void {
    this.#log.say('warn', 'history.replaced');
    for (const entry of this.chats.list) entry.reset();
    for (const conversation of this.#conversations.values()) conversation.replaced();
    void this.chats.retry();
    void this.#follow();
  }

  // Messages of one's own

  #outgoingChanged(chat: string): void {
    this.#conversations.get(chat)?.outgoingChanged();
    this.connection.refresh();
  }

  #acknowledged(sending: Sending, ack: Ack): void {
    const { chat, text } = sending;
    const at = Date.parse(ack.at);
    this.#conversations.get(chat)?.acknowledged(sending, ack.seq, ack.id, at);
    const entry = this.chats.get(chat);
    entry?.acknowledged({ seq: ack.seq, id: ack.id, by: this.me.id, text, at });
    if (entry !== null) this.chats.changed(entry);
    this.client.chat(chat).read(ack.seq);
    this.drafts.answered(chat);
    this.connection.refresh();
  }

  // The connection

  #statusChanged(status: Status): void {
    if (this.#isOver) return;
    this.connection.changed(status);
    if (status.is === 'connected') return;
    if (this.#isOver) return;
    this.people.presence.end();
    for (const entry of this.chats.list) entry.interrupted();
    if (status.is === 'refused') {
      this.#wasRefused = true;
      if (SIGNED_OUT.has(status.code) || status.code.startsWith('token_')) this.#onRefused(status.code);
    } else if (this.#wasRefused) {
      // Somebody has asked to try again: what the refusal has ended begins anew.
      this.#wasRefused = false;
      void this.#follow();
      this.outgoing.resume();
    }
  }

  #told(frame: ToldFrame): void {
    if (this.#isOver) return;
    switch (frame.type) {
      case 'welcome':
        this.#welcomed(frame.chats, frame.limits);
        break;
      case 'synced':
        this.#replayed.set(frame.chat, frame.seq);
        break;
      case 'reset':
        this.#replayed.set(frame.chat, frame.head);
        this.#log.say('info', 'chat.reset', { chat: frame.chat, head: frame.head });
        break;
      case 'pong':
        this.connection.refresh();
        break;
      case 'typing':
        this.chats.get(frame.chat)?.heardTyping(frame.by, frame.expires_ms);
        break;
      case 'receipt':
        this.#heardReceipt(frame);
        break;
      case 'presence':
        this.people.presence.heard(frame.user, frame.state);
        break;
      case 'profile':
        this.people.learn({
          id: frame.user,
          name: frame.name,
          avatar: frame.avatar ?? null,
          avatar_colour: frame.avatar_colour ?? null,
        });
        break;
      case 'error':
        if (frame.code === 'not_a_member' && frame.chat !== null) this.chats.get(frame.chat)?.removed();
        break;
      default: // the SDK's own
    }
  }

  #welcomed(heads: readonly Head[], limits: { readonly text_chars: number; readonly receipts_live_max: number }): void {
    this.#limits = { textChars: limits.text_chars, smallMax: limits.receipts_live_max };
    this.connection.refresh();
    this.people.presence.begin();
    const known = new Map(heads.map(({ chat, head }) => [chat, head]));
    for (const [chat, head] of known) this.#replayed.set(chat, head);
    void this.chats.compare(heads);
    this.people.lookUpAgain();
    for (const conversation of this.#conversations.values())
      conversation.connected(known.get(conversation.chat) ?? null);
    this.#onConnected();
  }

  #heardReceipt(frame: {
    readonly chat: string;
    readonly by: string;
    readonly delivered: number;
    readonly read: number;
  }): void {
    const entry = this.chats.get(frame.chat);
    if (entry === null) return;
    entry.heardReceipt(frame.by, { delivered: frame.delivered, read: frame.read, readAt: this.clock.wall() });
    this.#conversations.get(frame.chat)?.receiptsChanged();
    if (frame.by === this.me.id) this.chats.changed(entry);
  }

  #keepNow(): void {
    this.chats.keepNow();
    for (const conversation of this.#conversations.values()) conversation.keepNow();
  }

  #unload(): void {
    if (this.#isOver) return;
    for (const [chat, conversation] of this.#conversations) {
      if (this.#conversations.size <= LOADED_MAX) return;
      if (conversation.isOpen) continue;
      conversation.dispose();
      this.#conversations.delete(chat);
    }
  }
}

/** When it was read, where the server says so. */
function readAtOf(shown: Shapes['ProgressShown']): number | null {
  const at: unknown = Reflect.get(shown, 'read_at');
  return typeof at === 'string' ? Date.parse(at) : null;
}
