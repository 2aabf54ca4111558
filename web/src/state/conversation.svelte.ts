/** One chat as it is read and written: a window of its messages, laid out in rows. */

import type { AnyEvent, MessageSent } from '@tenfour/client';
import { untrack } from 'svelte';
import { Problem, Unreachable, type Shapes } from '../lib/api';
import { Later } from '../lib/clock';
import type { KeptPlace } from '../lib/kept';
import type { ChatEntry } from './entry.svelte';
import { roleOf, saidOf } from './entry.svelte';
import type { Anchor, EventRow, Happening, Message, Place, Quote, Row } from './message';
import type { Messenger } from './messenger.svelte';
import { messageOf as outgoingMessage, type Sending } from './outgoing.svelte';
import type { Person } from './people.svelte';
import { Rows, type Item, type MessageItem } from './rows';
import { Timeline } from './timeline';
import { TypingTold } from './typing.svelte';

/** Who has read a message; `at` is null where it is not known when. */
export interface Reader {
  readonly person: Person;
  readonly at: number | null;
}

export interface Readers {
  readonly read: readonly Reader[];
  /** Has it on a device, and has not read it. */
  readonly delivered: readonly Person[];
  readonly missing: readonly Person[];
}

type LoadState =
  | { readonly is: 'loading' }
  | { readonly is: 'ready' }
  | { readonly is: 'failed'; readonly problem: Problem | Unreachable };

type Where = Anchor extends infer A ? (A extends unknown ? Omit<A, 'turn'> : never) : never;

interface HistoryQuery {
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
}

const PAGE = 50;
const EVENTS_PAGE = 200;
const CATCH_UP_PAGES = 5;
/** Happenings between messages that one page looks for. */
const RUNS_MAX = 4;
const SEEN_BY_MAX = 20;
const PLACE_LASTS_MS = 24 * 3_600_000;
const KEEP_MS = 1_000;
const KEPT_MESSAGES = 60;

export class Conversation {
  readonly chat: string;
  #messenger: Messenger;
  #timeline = new Timeline();
  #layout = new Rows();
  #rows: readonly Row[] = $state.raw([]);
  #load: LoadState = $state.raw({ is: 'loading' });
  #hasBefore = $state(false);
  #hasAfter = $state(false);
  #loadingBefore = $state(false);
  #loadingAfter = $state(false);
  #stale = $state(false);
  #anchor: Anchor = $state.raw({ turn: 0, at: 'bottom' });
  #target: string | null = $state(null);
  #unreadFrom: number | null = $state(null);
  #unreadCount = $state(0);
  #unreadSince: number | null = $state(null);
  #newCount = $state(0);
  #seenBy: ReadonlyMap<number, readonly Person[]> = $derived(this.#whoSaw());
  #quotes = new Map<string, Quote>();
  #typing: TypingTold;
  #keeping: Later;
  #placing: Later;
  #place: Place | null = null;
  #placeAt = 0;
  /** What was kept is on its way to be shown. */
  #showing: Promise<void> = Promise.resolve();
  #isOpen = false;
  #isLoaded = false;
  #isAtBottom = true;
  /** Whether seeing a message reads it: not after "mark unread", until one leaves. */
  #readsBySeeing = true;
  /** Counts loads: what belongs to an older one is dropped. */
  #turn = 0;
  /** What came while a page was on its way, to be done when it is here. */
  #held: (() => void)[] | null = null;
  #catchingUp = false;
  #wantsCatchUp = false;
  /** The highest head that was told. */
  #upTo = 0;
  #ticked = { delivered: 0, read: 0 };
  #hasReceipts = false;
  #wanted: number | null = null;

  constructor(messenger: Messenger, chat: string) {
    this.chat = chat;
    this.#messenger = messenger;
    this.#typing = new TypingTold(messenger.clock, (active) => messenger.client.chat(chat).typing(active));
    this.#keeping = new Later(messenger.clock, KEEP_MS, () => this.#keep());
    this.#placing = new Later(messenger.clock, KEEP_MS, () => this.#keepPlace());
  }

  /** The chat in the list; null until it is known, and where one has no right to it. */
  get entry(): ChatEntry | null {
    return this.#messenger.chats.get(this.chat);
  }

  get state(): LoadState['is'] {
    return this.#load.is;
  }

  get problem(): Problem | Unreachable | null {
    return this.#load.is === 'failed' ? this.#load.problem : null;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  get hasBefore(): boolean {
    return this.#hasBefore;
  }

  get hasAfter(): boolean {
    return this.#hasAfter;
  }

  get loadingBefore(): boolean {
    return this.#loadingBefore;
  }

  get loadingAfter(): boolean {
    return this.#loadingAfter;
  }

  /** What is shown was kept, and may be old. */
  get stale(): boolean {
    return this.#stale;
  }

  /** Where to go after a load; changes with each. */
  get anchor(): Anchor {
    return this.#anchor;
  }

  /** The key of the message that the address names, to be tinted. */
  get target(): string | null {
    return this.#target;
  }

  /** The first unread message: the divider stands above it for the visit. */
  get unreadFrom(): number | null {
    return this.#unreadFrom;
  }

  /** How many messages by others were below the divider when it was set, and came since. */
  get unreadCount(): number {
    return this.#unreadCount;
  }

  /** When the first unread message was sent. */
  get unreadSince(): number | null {
    return this.#unreadSince;
  }

  /** Messages by others that came while one was not at the bottom. */
  get newCount(): number {
    return this.#newCount;
  }

  get typing(): readonly Person[] {
    return this.entry?.typing ?? [];
  }

  get draft(): string {
    return this.#messenger.drafts.get(this.chat);
  }

  /** By the seq of the last message that they have read; in chats of up to 20 members. */
  get seenBy(): ReadonlyMap<number, readonly Person[]> {
    return this.#seenBy;
  }

  /** Where one reads; null at the bottom. Written by the list, kept for a day. */
  get place(): Place | null {
    return this.#place;
  }

  set place(place: Place | null) {
    this.#place = place;
    this.#placeAt = this.#messenger.clock.wall();
    this.#placing.ask();
  }

  /** A visit begins, at a message where one is named. */
  open(seq?: number): Promise<void> {
    return untrack(() => {
      if (!this.#isOpen) {
        this.#isOpen = true;
        this.#readsBySeeing = true;
        this.#newCount = 0;
      }
      this.#wanted = seq ?? null;
      return this.#begin(this.#wanted);
    });
  }

  async retryOpen(): Promise<void> {
    await this.#begin(this.#wanted);
  }

  async loadBefore(): Promise<void> {
    const first = this.#timeline.first;
    if (!this.#hasBefore || this.#loadingBefore || first === null) return;
    this.#loadingBefore = true;
    const turn = this.#turn;
    try {
      const page = await this.#page({ before: first.seq });
      const items = await this.#itemsOf(page.items, page.has_before ? null : 0, first.seq);
      if (turn !== this.#turn) return;
      this.#timeline.prepend(items, page.has_before);
      this.#layOut();
    } catch (cause) {
      this.#noPage(cause);
    } finally {
      this.#loadingBefore = false;
    }
  }

  async loadAfter(): Promise<void> {
    const last = this.#timeline.last;
    if (!this.#hasAfter || this.#loadingAfter || last === null) return;
    this.#loadingAfter = true;
    const turn = this.#turn;
    this.#held = [];
    try {
      const page = await this.#page({ after: last.seq });
      const items = await this.#itemsOf(page.items, last.seq, null);
      if (turn !== this.#turn) return;
      this.#timeline.append(items, page.has_after);
      this.#layOut();
      this.#release();
      if (!page.has_after) void this.#catchUp();
    } catch (cause) {
      this.#noPage(cause);
    } finally {
      if (turn === this.#turn) this.#held = null;
      this.#loadingAfter = false;
    }
  }

  /** Goes to the newest message. */
  async toLatest(): Promise<void> {
    this.#newCount = 0;
    this.#place = null;
    this.#placing.ask();
    if (!this.#isLoaded || this.#hasAfter) await this.#replace({}, () => ({ at: 'bottom' }));
    else this.#go({ at: 'bottom' });
  }

  /** Whether the list is at its end. */
  atBottom(is: boolean): void {
    this.#isAtBottom = is;
    if (is && !this.#timeline.hasAfter) this.#newCount = 0;
  }

  send(text: string, replyTo?: string): void {
    this.#typing.sent();
    this.#clearDivider();
    this.#messenger.drafts.sent(this.chat, text);
    this.#messenger.outgoing.send(this.chat, text, replyTo ?? null);
    void this.toLatest();
  }

  retry(key: string): void {
    this.#messenger.outgoing.retry(this.chat, key);
  }

  discard(key: string): void {
    this.#messenger.outgoing.discard(this.chat, key);
  }

  /** Everything up to a seq was seen: fully visible for half a second in a focused window. */
  sawUpTo(seq: number): void {
    if (this.#readsBySeeing) untrack(() => this.#read(seq));
  }

  /** Everything from a message on is unread, and seeing it reads nothing until one leaves. */
  markUnreadFrom(seq: number): void {
    const { entry } = this;
    if (entry === null) return;
    this.#readsBySeeing = false;
    const count = this.#timeline.othersBetween(seq - 1, entry.head) ?? 0;
    entry.markFrom(seq, count);
    this.#setDivider(seq);
  }

  /** Everything is read, and the divider goes. */
  markRead(): void {
    this.#readsBySeeing = true;
    this.#clearDivider();
    if (this.entry !== null) this.#read(this.entry.head);
  }

  /** The composer holds this text now. */
  typed(text: string): void {
    this.#messenger.drafts.set(this.chat, text);
    const { entry } = this;
    const isTold = this.#messenger.preferences.sendTyping && entry?.isSmall === true && entry.gone === null;
    if (text.trim() !== '' && isTold) this.#typing.pressed();
    else this.#typing.stop();
  }

  /** Who has read a message of one's own. Raises `Problem` or `Unreachable`. */
  async readers(seq: number): Promise<Readers> {
    await this.#loadReceipts();
    const { people } = this.#messenger;
    const all = [...(this.entry?.progress.others ?? [])];
    const read = all.filter(([, reached]) => reached.read >= seq);
    const delivered = all.filter(([, reached]) => reached.read < seq && reached.delivered >= seq);
    const missing = all.filter(([, reached]) => reached.delivered < seq);
    const person = ([id]: readonly [string, unknown]) => people.get(id);
    return {
      read: read.map(([id, { readAt }]) => ({ person: people.get(id), at: readAt })),
      delivered: delivered.map(person),
      missing: missing.map(person),
    };
  }

  /** The visit ends. */
  close(): void {
    untrack(() => {
      this.#isOpen = false;
      this.#typing.stop();
      this.keepNow();
      this.#clearDivider();
      this.#readsBySeeing = true;
      this.#target = null;
      this.#isAtBottom = true;
    });
  }

  // What the messenger tells

  /** The page may be going away. */
  keepNow(): void {
    this.#placing.hurry();
    this.#keeping.hurry();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** An event of the chat, each once and in order. */
  happened(event: AnyEvent): void {
    this.#held?.push(() => this.#take(event));
    if (this.#isLoaded) this.#take(event);
  }

  /** One's own message has its place. */
  acknowledged(sending: Sending, seq: number, id: string, at: number): void {
    const pending = outgoingMessage(sending, this.#messenger.me.id, this.#quote(sending.replyTo));
    const status = this.entry?.statusOf(seq) ?? 'sent';
    const item: Item = { kind: 'message', seq, message: { ...pending, id, seq, at, status, slow: false } };
    const settle = () => this.#placed(this.#timeline.settle(item), item);
    this.#held?.push(settle);
    if (this.#load.is === 'ready') settle();
  }

  /** What is on its way is other than before. */
  outgoingChanged(): void {
    this.#show();
  }

  /** Somebody has got further. */
  receiptsChanged(): void {
    const { entry } = this;
    if (entry === null) return;
    const { delivered, read } = entry.progress;
    const before = this.#ticked;
    this.#ticked = { delivered, read };
    const changed = new Map<string, Message>();
    const from = Math.min(before.delivered, before.read);
    for (const message of this.#timeline.ownBetween(from, Math.max(delivered, read))) {
      const status = entry.progress.statusOf(message.seq ?? 0);
      if (message.status !== status) changed.set(message.key, { ...message, status });
    }
    if (changed.size > 0) this.#change(changed);
    this.#keeping.begin();
  }

  /** One has become a member. */
  appeared(): void {
    if (this.#isOpen && this.#load.is === 'failed') void this.#begin(this.#wanted);
  }

  /** A connection is there, with this head of the chat; null where it is not told. */
  connected(head: number | null): void {
    this.#hasReceipts = false;
    if (this.entry?.gone === 'left' || this.entry?.gone === 'removed') return;
    const isBegun = this.#held !== null; // a page is on its way
    const wasAway = this.#load.is === 'failed' && this.#load.problem instanceof Unreachable;
    if (this.#isOpen && !isBegun && (this.#stale || wasAway)) void this.#begin(this.#wanted);
    else if (this.#isLoaded && (head ?? 0) > this.#timeline.known) void this.#catchUp(head ?? 0);
    if (this.#isOpen && this.#isLoaded) void this.#learnReceipts();
  }

  /** The history is another one: what is shown stays, marked stale, until the new one is here. */
  replaced(): void {
    this.#stale = true;
    if (this.#isOpen) void this.#replace({}, () => ({ at: 'bottom' }));
    else this.#isLoaded = false;
  }

  /** How many messages by others are in (after, upTo]; null where not all of these are here. */
  othersBetween(after: number, upTo: number): number | null {
    return this.#isLoaded ? this.#timeline.othersBetween(after, upTo) : null;
  }

  dispose(): void {
    this.close();
    this.#turn += 1;
  }

  // Loading

  /** Opens once more: at the message that was named, at what is unread, at the place, or at the end. */
  async #begin(seq: number | null): Promise<void> {
    const turn = ++this.#turn;
    this.#target = null;
    if (!this.#isLoaded) this.#load = { is: 'loading' };
    this.#showing = this.#isLoaded ? Promise.resolve() : this.#showKept();
    let entry: ChatEntry;
    try {
      entry = await this.#messenger.chats.find(this.chat);
    } catch (cause) {
      await this.#couldNotLoad(cause, turn);
      return;
    }
    if (turn !== this.#turn) return;
    if (seq !== null) await this.#openAt(seq);
    else if (entry.unread > 0 && entry.gone === null) await this.#openAtUnread(entry);
    else await this.#openAtPlace(turn);
    void this.#learnReceipts();
  }

  async #openAt(seq: number): Promise<void> {
    const named = (): Where => {
      const item = this.#timeline.at(seq) ?? this.#nearest(seq);
      this.#target = item?.kind === 'message' && item.seq === seq ? item.message.key : null;
      return item === null ? { at: 'bottom' } : { at: 'message', key: keyOf(item) };
    };
    if (this.#isLoaded && !this.#stale && this.#timeline.at(seq) !== null) this.#go(named());
    else await this.#replace({ around: seq }, named);
  }

  async #openAtUnread(entry: ChatEntry): Promise<void> {
    const { read } = entry;
    const divided = (): Where => {
      const first = this.#timeline.firstOtherAfter(read);
      if (first === null || first.seq === null) return { at: 'bottom' };
      this.#setDivider(first.seq);
      return { at: 'unread' };
    };
    const isHere = this.#isLoaded && !this.#stale && this.#timeline.othersBetween(read, read + 1) !== null;
    if (isHere) this.#go(divided());
    else await this.#replace(read === 0 ? { after: 0 } : { around: read + 1 }, divided);
  }

  async #openAtPlace(turn: number): Promise<void> {
    const place = this.#place !== null ? this.#placeToKeep() : await this.#keptPlace();
    if (turn !== this.#turn) return;
    const isFresh = place !== null && this.#messenger.clock.wall() - place.at < PLACE_LASTS_MS;
    const there = (): Where => {
      if (!isFresh || this.#timeline.at(place.seq) === null) return { at: 'bottom' };
      return { at: 'place', key: place.key, offset: place.offset };
    };
    const isHere = this.#isLoaded && !this.#stale;
    if (isHere && (isFresh ? this.#timeline.at(place.seq) !== null : !this.#hasAfter)) this.#go(there());
    else await this.#replace(isFresh ? { around: place.seq } : {}, there);
  }

  /** Loads a page in place of what is there, and goes where `where` says. */
  async #replace(query: HistoryQuery, where: () => Where): Promise<void> {
    const turn = ++this.#turn;
    const isNewest = Object.keys(query).length === 0;
    this.#held = [];
    try {
      const page = await this.#page(query);
      const items = await this.#itemsOf(page.items, page.has_before ? null : 0, null);
      if (turn !== this.#turn) return;
      const known = items.at(-1)?.seq ?? 0;
      this.#timeline.reset(items, { hasBefore: page.has_before, hasAfter: page.has_after, known });
      this.#isLoaded = true;
      this.#stale = false;
      this.#load = { is: 'ready' };
      this.#release();
      const place = where();
      this.#layOut();
      this.#go(place);
      this.#keep();
      if (!page.has_after) void this.#catchUp();
      if (isNewest) this.#newCount = 0;
    } catch (cause) {
      if (turn === this.#turn) this.#held = null;
      await this.#couldNotLoad(cause, turn);
    }
  }

  /** Takes what came while a page was on its way. */
  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const step of held) step();
  }

  /** Asks for what has happened since the newest event that is here, where there is something. */
  async #catchUp(head = 0): Promise<void> {
    this.#wantsCatchUp = true;
    this.#upTo = Math.max(this.#upTo, head);
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      while (this.#wantsCatchUp && !this.#timeline.hasAfter) {
        this.#wantsCatchUp = false;
        const upTo = Math.max(this.#upTo, this.entry?.head ?? 0);
        if (upTo > this.#timeline.known) await this.#readMissing();
      }
    } catch (cause) {
      if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
      this.#messenger.trouble('conversation.not_caught_up', cause); // the next connection tries again
    } finally {
      this.#catchingUp = false;
    }
  }

  async #readMissing(): Promise<void> {
    const turn = this.#turn;
    for (let count = 0; count < CATCH_UP_PAGES; count += 1) {
      const page = await this.#events(this.#timeline.known, EVENTS_PAGE);
      if (turn !== this.#turn) return;
      for (const event of page.items) this.#take(event);
      if (page.next === null) return;
    }
    // Too much to be read one by one.
    if (this.#isAtBottom && this.#isOpen) await this.#replace({}, () => ({ at: 'bottom' }));
    else this.#leaveEnd();
  }

  #leaveEnd(): void {
    this.#timeline.leaveEnd();
    this.#hasAfter = true;
  }

  async #couldNotLoad(cause: unknown, turn: number): Promise<void> {
    if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
    await this.#showing;
    if (turn !== this.#turn) return;
    this.#messenger.trouble('conversation.not_loaded', cause);
    // What is shown stays: it is old, and says so. Where one has no right, nothing stays.
    const isGone = cause instanceof Problem && (cause.status === 403 || cause.status === 404);
    if (this.#rows.length > 0 && !isGone) this.#stale = true;
    else if (!this.#isLoaded) this.#load = { is: 'failed', problem: cause };
  }

  /** What is shown goes on without the page: scrolling there again asks again. */
  #noPage(cause: unknown): void {
    if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
    this.#messenger.trouble('conversation.no_page', cause);
  }

  async #showKept(): Promise<void> {
    const window = await this.#messenger.readKept('window.not_read', (kept) => kept.window(this.chat));
    if (window === null || this.#isLoaded || this.#load.is !== 'loading') return;
    for (const { user, ...reached } of window.progress) this.entry?.heardReceipt(user, reached);
    const items = window.messages.map((sent) => this.#itemOf(sent));
    const known = items.at(-1)?.seq ?? 0;
    this.#timeline.reset(items, { hasBefore: window.hasBefore, hasAfter: false, known });
    this.#stale = true;
    this.#load = { is: 'ready' };
    this.#layOut();
    this.#go({ at: 'bottom' });
  }

  #page(query: HistoryQuery): Promise<Shapes['HistoryShown']> {
    const given = { path: { chat: this.chat }, query: { ...query, limit: PAGE } };
    return this.#messenger.api.get('/api/v1/chats/{chat}/messages', given);
  }

  #events(after: number, limit: number): Promise<Shapes['EventPage']> {
    return this.#messenger.api.get('/api/v1/chats/{chat}/events', {
      path: { chat: this.chat },
      query: { after, limit },
    });
  }

  // Items

  /** A page with what happened between its messages, after `from` and before `to`; null: nothing beyond the page. */
  async #itemsOf(sent: readonly Shapes['MessageSent'][], from: number | null, to: number | null): Promise<Item[]> {
    const messages = sent.map((each) => this.#itemOf(each));
    this.#lookUpQuotes();
    if (this.entry?.kind === 'direct') return messages;
    const runs = missingRuns(
      sent.map(({ seq }) => seq),
      from,
      to,
    ).slice(-RUNS_MAX);
    const pages = await Promise.all(runs.map(({ after, count }) => this.#events(after, Math.min(count, EVENTS_PAGE))));
    const happenings = pages.flatMap((page, index) => {
      const run = runs[index];
      const last = run === undefined ? 0 : run.after + run.count;
      return page.items.filter((event) => event.seq <= last).flatMap((event) => this.#happening(event) ?? []);
    });
    return [...messages, ...happenings].sort((one, other) => one.seq - other.seq);
  }

  #itemOf(sent: Shapes['MessageSent'] | MessageSent): MessageItem {
    const { me } = this.#messenger;
    const mine = sent.by === me.id;
    const message: Message = {
      key: mine ? sent.key : sent.id,
      id: sent.id,
      seq: sent.seq,
      by: sent.by,
      mine,
      at: Date.parse(sent.at),
      text: sent.deleted ? null : (sent.text ?? null),
      deleted: sent.deleted,
      editedAt: timeOf(sent.edited_at),
      replyTo: this.#quote(sent.reply_to ?? null),
      status: mine ? (this.entry?.progress.statusOf(sent.seq) ?? 'sent') : 'sent',
      slow: false,
      failure: null,
    };
    return { kind: 'message', seq: sent.seq, message };
  }

  #happening(event: Shapes['EventPage']['items'][number] | AnyEvent): Item | null {
    const happening = this.#whatHappened(event);
    if (happening === null || !('at' in event)) return null;
    const row: EventRow = {
      kind: 'event',
      key: `event:${event.seq}`,
      seq: event.seq,
      at: Date.parse(event.at),
      happening,
    };
    return { kind: 'event', seq: event.seq, row };
  }

  #whatHappened(event: Shapes['EventPage']['items'][number] | AnyEvent): Happening | null {
    if (this.entry?.kind === 'direct' || !('at' in event)) return null;
    const { people } = this.#messenger;
    switch (event.type) {
      case 'member_joined':
        return { is: 'joined', who: people.get(event.user), by: people.get(event.by) };
      case 'member_left':
        if (event.user === event.by) return { is: 'left', who: people.get(event.user) };
        return { is: 'removed', who: people.get(event.user), by: people.get(event.by) };
      case 'member_changed':
        return { is: 'role', who: people.get(event.user), by: people.get(event.by), role: roleOf(event.role) };
      case 'chat_changed':
        return { is: 'titled', by: people.get(event.by), title: event.title };
      default:
        return null;
    }
  }

  #quote(id: string | null): Quote | null {
    if (id === null) return null;
    const message = this.#timeline.message(id);
    if (message !== null) return { id, seq: message.seq, by: message.by, text: message.text };
    const known = this.#quotes.get(id);
    if (known !== undefined) return known;
    const unknown: Quote = { id, seq: null, by: null, text: null };
    this.#quotes.set(id, unknown);
    return unknown;
  }

  /** Asks for the messages that are replied to and are not in the window. */
  #lookUpQuotes(): void {
    for (const quote of this.#quotes.values()) if (quote.by === null) void this.#lookUpQuote(quote.id);
  }

  async #lookUpQuote(id: string): Promise<void> {
    const path = { chat: this.chat, message: id };
    this.#quotes.set(id, { id, seq: null, by: '', text: null }); // asked for
    try {
      const sent = await this.#messenger.api.get('/api/v1/chats/{chat}/messages/{message}', { path });
      const said = saidOf(sent);
      this.#quotes.set(id, { id, seq: said.seq, by: said.by, text: said.text });
    } catch (cause) {
      if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
      this.#messenger.trouble('quote.not_found', cause);
      if (cause instanceof Unreachable) this.#quotes.delete(id);
      return;
    }
    const changed = new Map<string, Message>();
    for (const item of this.#timeline.items) {
      if (item.kind !== 'message' || item.message.replyTo?.id !== id) continue;
      changed.set(item.message.key, { ...item.message, replyTo: this.#quote(id) });
    }
    if (changed.size > 0) this.#change(changed);
  }

  // Events

  #take(event: Shapes['EventPage']['items'][number] | AnyEvent): void {
    if (event.type === 'message_sent') {
      this.#said(event);
      return;
    }
    if (event.type === 'message_deleted') this.#edited(event.id, null, Date.parse(event.at));
    if (event.type === 'message_edited') {
      this.#edited(event.id, event.deleted ? null : (event.text ?? null), Date.parse(event.at));
    }
    const item = this.#happening(event);
    const offered = this.#timeline.offer(event.seq, item);
    if (offered === 'gap') void this.#catchUp();
    else if (item !== null) this.#placed(offered, item);
  }

  #said(event: Shapes['MessageSent'] | MessageSent): void {
    const item = this.#itemOf(event);
    const offered = this.#timeline.offer(event.seq, item);
    if (offered === 'gap') {
      void this.#catchUp(event.seq);
      return;
    }
    this.#placed(offered, item);
    const { message } = item;
    if ((offered === 'last' || offered === 'beyond') && !message.mine) this.#arrived(message);
    if (message.replyTo !== null) this.#lookUpQuotes();
  }

  #placed(offered: ReturnType<Timeline['offer']>, item: Item): void {
    if (offered === 'last') {
      this.#layout.append(item);
      this.#makeRoom();
      this.#show();
      this.#keeping.begin();
    } else if (offered === 'between') {
      this.#layOut();
    }
  }

  /** Trims where nobody looks. */
  #makeRoom(): void {
    if (this.#isAtBottom || !this.#isOpen) {
      if (this.#timeline.trimStart()) this.#layOut();
    } else if (this.#timeline.isFull) {
      this.#leaveEnd();
    }
  }

  /** A message by somebody else has come. */
  #arrived(message: Message): void {
    if (!this.#isOpen) return;
    if (!this.#isAtBottom || this.#hasAfter) this.#newCount += 1;
    if (this.#unreadFrom !== null) this.#unreadCount += 1;
    else if (message.seq !== null && (!this.#isAtBottom || !this.#messenger.isWatched())) this.#setDivider(message.seq);
  }

  #edited(id: string, text: string | null, at: number): void {
    const message = this.#timeline.message(id);
    if (message === null) return;
    const deleted = text === null;
    const edited: Message = { ...message, text, deleted, editedAt: deleted ? message.editedAt : at };
    this.#change(new Map([[message.key, edited]]));
  }

  // Reading

  #read(seq: number): void {
    const { entry } = this;
    if (entry !== null) this.#messenger.readUpTo(entry, seq);
  }

  #setDivider(seq: number): void {
    this.#unreadFrom = seq;
    const item = this.#timeline.at(seq);
    this.#unreadSince = item?.kind === 'message' ? item.message.at : null;
    this.#unreadCount = Math.max(
      this.entry?.unread ?? 0,
      this.#timeline.othersBetween(seq - 1, this.#timeline.known) ?? 0,
    );
    this.#layOut();
  }

  #clearDivider(): void {
    if (this.#unreadFrom === null) return;
    this.#unreadFrom = null;
    this.#unreadSince = null;
    this.#unreadCount = 0;
    this.#layOut();
  }

  // Receipts

  async #learnReceipts(): Promise<void> {
    if (this.#hasReceipts || this.entry?.isSmall !== true || this.entry.gone !== null) return;
    try {
      await this.#loadReceipts();
      this.#hasReceipts = true;
    } catch (cause) {
      if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
      this.#messenger.trouble('receipts.not_loaded', cause); // ticks stay as they are until the next connection
    }
  }

  async #loadReceipts(): Promise<void> {
    const { entry } = this;
    if (entry === null) return;
    let cursor: string | null = null;
    do {
      const given = { path: { chat: this.chat }, query: { cursor, limit: EVENTS_PAGE } };
      const page: Shapes['ProgressPage'] = await this.#messenger.api.get('/api/v1/chats/{chat}/receipts', given);
      for (const shown of page.items) this.#messenger.heardProgress(entry, shown);
      cursor = page.next;
    } while (cursor !== null);
    this.receiptsChanged();
  }

  #whoSaw(): ReadonlyMap<number, readonly Person[]> {
    const seen = new Map<number, Person[]>();
    const { entry } = this;
    if (entry === null || entry.memberCount > SEEN_BY_MAX) return seen;
    void entry.ticks;
    const messages = this.#rows.flatMap((row) =>
      row.kind === 'message' && row.message.seq !== null ? [row.message] : [],
    );
    for (const [user, { read }] of entry.progress.others) {
      const last = messages.findLast(({ seq }) => seq !== null && seq <= read);
      const isBeyond = this.#hasAfter && last === messages.at(-1);
      if (last === undefined || last.seq === null || last.by === user || isBeyond) continue;
      seen.set(last.seq, [...(seen.get(last.seq) ?? []), this.#messenger.people.get(user)]);
    }
    return seen;
  }

  // Showing

  #go(where: Where): void {
    this.#anchor = { ...where, turn: this.#anchor.turn + 1 };
  }

  #change(changed: ReadonlyMap<string, Message>): void {
    this.#timeline.change(changed.values());
    this.#layout.change(changed);
    this.#show();
  }

  #layOut(): void {
    const { hasBefore, hasAfter } = this.#timeline;
    this.#hasBefore = hasBefore;
    this.#hasAfter = hasAfter;
    this.#layout.reset(this.#timeline.items, { hasBefore, unreadFrom: this.#unreadFrom });
    this.#show();
  }

  #show(): void {
    const { me, outgoing } = this.#messenger;
    const waiting = outgoing.of(this.chat).map((each) => outgoingMessage(each, me.id, this.#quote(each.replyTo)));
    this.#rows = this.#layout.with(waiting);
  }

  #nearest(seq: number): Item | null {
    return this.#timeline.items.find((item) => item.kind === 'message' && item.seq >= seq) ?? this.#timeline.last;
  }

  // Keeping

  #keep(): void {
    if (!this.#isLoaded || this.#timeline.hasAfter || this.#stale) return;
    const items = this.#timeline.items.flatMap((item) => (item.kind === 'message' ? [item.message] : []));
    const messages = items.slice(-KEPT_MESSAGES).map((message) => this.#sentOf(message));
    const hasBefore = this.#timeline.hasBefore || items.length > messages.length;
    const at = this.#messenger.clock.wall();
    const { chat } = this;
    const { epoch } = this.#messenger.connection;
    const others = [...(this.entry?.progress.others ?? [])];
    const progress = others.map(([user, reached]) => ({ user, ...reached }));
    this.#messenger.keep('window.not_kept', (kept) =>
      kept.keepWindow({ chat, at, epoch, messages, hasBefore, progress }),
    );
  }

  #sentOf({ key, id, seq, by, at, text, replyTo, editedAt, deleted }: Message): Shapes['MessageSent'] {
    return {
      type: 'message_sent',
      chat: this.chat,
      seq: seq ?? 0,
      at: new Date(at).toISOString(),
      by,
      id: id ?? key,
      key,
      text,
      reply_to: replyTo?.id ?? null,
      edited_at: editedAt === null ? null : new Date(editedAt).toISOString(),
      deleted,
    };
  }

  #keepPlace(): void {
    const place = this.#placeToKeep();
    const { chat } = this;
    if (place === null) this.#messenger.keep('place.not_kept', (kept) => kept.forgetPlace(chat));
    else this.#messenger.keep('place.not_kept', (kept) => kept.keepPlace(place));
  }

  #keptPlace(): Promise<KeptPlace | null> {
    return this.#messenger.readKept('place.not_read', (kept) => kept.place(this.chat));
  }

  #placeToKeep(): KeptPlace | null {
    if (this.#place === null) return null;
    const { key, offset } = this.#place;
    const item = this.#timeline.items.find((each) => keyOf(each) === key);
    return item === undefined ? null : { chat: this.chat, at: this.#placeAt, key, seq: item.seq, offset };
  }
}

function timeOf(text: string | null | undefined): number | null {
  return typeof text === 'string' ? Date.parse(text) : null;
}

function keyOf(item: Item): string {
  return item.kind === 'message' ? item.message.key : item.row.key;
}

/** The stretches of seqs that are missing between some, after `from` and before `to`; null: nothing beyond the ends. */
export function missingRuns(
  seqs: readonly number[],
  from: number | null,
  to: number | null,
): { readonly after: number; readonly count: number }[] {
  const ends = [...(from === null ? [] : [from]), ...seqs, ...(to === null ? [] : [to])];
  return ends.flatMap((seq, index) => {
    const next = ends[index + 1];
    return next === undefined || next <= seq + 1 ? [] : [{ after: seq, count: next - seq - 1 }];
  });
}
