/** All chats of a person: the list, what is unread in it, and making, joining and leaving. */

import { SvelteMap } from 'svelte/reactivity';
import { Problem, Unreachable, type Shapes } from '../lib/api';
import { Later } from '../lib/clock';
import type { KeptChats } from '../lib/kept';
import { ChatEntry } from './entry.svelte';
import { Members } from './members.svelte';
import type { MessageStatus } from './message';
import type { Messenger } from './messenger.svelte';

export { ChatEntry } from './entry.svelte';

export type Kind = 'direct' | 'group' | 'channel';
export type Role = 'owner' | 'admin' | 'member';
export type ChatShown = Shapes['ChatShown'];

export interface LastMessage {
  /** The id of the sender. */
  readonly by: string;
  /** Null where it was deleted. */
  readonly text: string | null;
  readonly mine: boolean;
  /** Null for messages by others. */
  readonly status: MessageStatus | null;
  readonly at: number;
}

export interface NewChat {
  readonly kind: Kind;
  readonly title?: string;
  /** Ids of people. */
  readonly members: readonly string[];
  /** What those see who join later; everything where it is not said. */
  readonly history?: 'all' | 'from_joining';
}

export interface Channel {
  readonly id: string;
  readonly title: string;
  readonly memberCount: number;
  /** Whether one is in it already. */
  readonly joined: boolean;
}

/** Where a chat stood when a connection began. */
export interface Head {
  readonly chat: string;
  readonly head: number;
  readonly read: number;
}

/** A page of the channels that can be joined. */
export interface ChannelPage {
  readonly items: readonly Channel[];
  /** Gives the next page; null where this is the last. */
  readonly more: (() => Promise<ChannelPage>) | null;
}

type LoadState =
  | { readonly is: 'loading' }
  | { readonly is: 'ready' }
  | { readonly is: 'failed'; readonly problem: Problem | Unreachable };

const FIRST_PAGE = 50;
const PAGE = 200;
/** Pages that are loaded unasked, so that the number of unread messages is that of all chats. */
const PAGES_UNASKED = 5;
const KEEP_MS = 2_000;
const COUNT_MS = 50;
const NAMED_AFTER = 5;

export class Chats {
  #messenger: Messenger;
  #entries = new SvelteMap<string, ChatEntry>();
  #members = new Map<string, Members>();
  #load: LoadState = $state.raw({ is: 'loading' });
  #stale = $state(true);
  #next: string | null = $state(null);
  #loadingMore = $state(false);
  #loading: Promise<void> | null = null;
  #finding = new Map<string, Promise<ChatEntry>>();
  #uncounted = new Set<string>();
  #counting: Later;
  #keeping: Later;
  #list: readonly ChatEntry[] = $derived(this.#sorted());
  #unreadTotal = $derived(this.#list.reduce((sum, entry) => sum + entry.unread, 0));

  constructor(messenger: Messenger) {
    this.#messenger = messenger;
    this.#counting = new Later(messenger.clock, COUNT_MS, () => void this.#count());
    this.#keeping = new Later(messenger.clock, KEEP_MS, () => this.#keep());
  }

  get state(): LoadState['is'] {
    return this.#load.is;
  }

  get problem(): Problem | Unreachable | null {
    return this.#load.is === 'failed' ? this.#load.problem : null;
  }

  /** Shown from what was kept, and not compared with the server yet. */
  get stale(): boolean {
    return this.#stale;
  }

  /** By activity, the newest first. */
  get list(): readonly ChatEntry[] {
    return this.#list;
  }

  get unreadTotal(): number {
    return this.#unreadTotal;
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  get loadingMore(): boolean {
    return this.#loadingMore;
  }

  get(id: string): ChatEntry | null {
    return this.#entries.get(id) ?? null;
  }

  /** The chat, asked for where it is not in the list yet. Raises `Problem` or `Unreachable`. */
  async find(id: string): Promise<ChatEntry> {
    const known = this.get(id);
    if (known !== null) return known;
    let finding = this.#finding.get(id);
    if (finding === undefined) {
      finding = this.#ask(id).finally(() => this.#finding.delete(id));
      this.#finding.set(id, finding);
    }
    return finding;
  }

  async more(): Promise<void> {
    if (this.#next === null || this.#loadingMore) return;
    this.#loadingMore = true;
    try {
      const page = await this.#page(this.#next, PAGE);
      this.#next = page.next;
    } finally {
      this.#loadingMore = false;
    }
  }

  /** Loads the list anew. */
  retry(): Promise<void> {
    this.#loading ??= this.#loadAll().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** Makes a chat and gives its id; the direct chat of two people is always the same. Raises `Problem` or `Unreachable`. */
  async create({ kind, title, members, history = 'all' }: NewChat): Promise<string> {
    const body = { kind, title: title ?? null, members: [...members], history };
    const shown = await this.#messenger.api.post('/api/v1/chats', { body });
    return this.#take(shown).id;
  }

  async join(id: string): Promise<void> {
    this.#take(await this.#messenger.api.post('/api/v1/chats/{chat}/join', { path: { chat: id } }));
  }

  async leave(id: string): Promise<void> {
    await this.#messenger.api.post('/api/v1/chats/{chat}/leave', { path: { chat: id } });
    this.forget(id);
  }

  async rename(id: string, title: string | null): Promise<void> {
    this.#take(await this.#messenger.api.patch('/api/v1/chats/{chat}', { path: { chat: id }, body: { title } }));
  }

  /** Always the same object for a chat. */
  members(id: string): Members {
    let members = this.#members.get(id);
    if (members === undefined) {
      members = new Members(this.#messenger, id);
      this.#members.set(id, members);
    }
    return members;
  }

  /** The channels that can be joined, those with a word in their title that begins so. Raises `Problem` or `Unreachable`. */
  channels(text: string, signal?: AbortSignal): Promise<ChannelPage> {
    return this.#channels(text, null, signal);
  }

  /** What a channel shows to everybody; null where the chat is none. Raises `Problem` or `Unreachable`. */
  async channel(id: string): Promise<Channel | null> {
    const shown = await this.#messenger.api.get('/api/v1/chats/{chat}', { path: { chat: id } });
    return 'read' in shown ? null : this.#channelOf(shown);
  }

  /** Everything in every chat is read. */
  markAllRead(): void {
    for (const entry of this.list) if (entry.unread > 0) this.#messenger.markRead(entry);
  }

  /** Removes a chat that one has left from the list, and what is kept of it. */
  forget(id: string): void {
    this.#entries.get(id)?.dispose();
    this.#entries.delete(id);
    this.#members.delete(id);
    this.#messenger.keep('chat.not_forgotten', (kept) => kept.forgetChat(id));
    this.#keeping.begin();
  }

  // What the messenger tells

  /** Compares the list with the heads that a connection began with: what happened before them is in no event. */
  async compare(heads: readonly Head[]): Promise<void> {
    await this.#loading;
    for (const { chat, read } of heads) {
      const entry = this.get(chat);
      if (entry?.readThere(read) === true) this.changed(entry);
    }
    const isBehind = heads.some(({ chat, head }) => (this.get(chat)?.head ?? -1) < head);
    if (isBehind || this.#stale) await this.retry();
  }

  /** Shows what was kept. */
  restore({ chats: shown, named }: Pick<KeptChats, 'chats' | 'named'>): void {
    if (this.#load.is === 'ready') return;
    for (const chat of shown) {
      if (this.#entries.has(chat.id)) continue;
      const entry = new ChatEntry(this.#messenger, chat);
      entry.named((named?.[chat.id] ?? []).map((id) => this.#messenger.people.get(id)));
      this.#entries.set(chat.id, entry);
    }
    if (shown.length > 0) this.#load = { is: 'ready' };
  }

  /** The members that are loaded; null where none are. */
  membersOf(id: string): Members | null {
    return this.#members.get(id) ?? null;
  }

  /** Something has changed that is worth keeping; asks the server for a number that only it knows. */
  changed(entry: ChatEntry): void {
    this.#keeping.begin();
    if (!entry.isUnsure) return;
    this.#uncounted.add(entry.id);
    this.#counting.ask();
  }

  /** The page may be going away. */
  keepNow(): void {
    this.#keeping.hurry();
  }

  dispose(): void {
    this.#counting.cancel();
    this.keepNow();
    for (const entry of this.#entries.values()) entry.dispose();
  }

  async #loadAll(): Promise<void> {
    if (this.#load.is === 'failed') this.#load = { is: 'loading' };
    try {
      const before = new Set(this.#entries.keys());
      const seen = new Set<string>();
      let { next } = await this.#page(null, FIRST_PAGE, seen);
      this.#load = { is: 'ready' };
      for (let count = 0; next !== null && count < PAGES_UNASKED; count += 1)
        ({ next } = await this.#page(next, PAGE, seen));
      this.#next = next;
      if (next === null) for (const id of before) if (!seen.has(id)) this.#lost(id);
      this.#stale = false;
      this.#keep();
    } catch (cause) {
      if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
      if (this.#load.is === 'loading') this.#load = { is: 'failed', problem: cause };
    }
  }

  async #page(cursor: string | null, limit: number, seen?: Set<string>): Promise<{ readonly next: string | null }> {
    const page = await this.#messenger.api.get('/api/v1/chats', { query: { cursor, limit } });
    for (const shown of page.items) {
      if (!('read' in shown)) continue; // a channel's sign, which only the other view has
      this.#take(shown);
      seen?.add(shown.id);
    }
    return page;
  }

  /** One is not in a chat any more that was kept. */
  #lost(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#finding.has(id)) return;
    entry.removed();
    this.#keeping.begin();
  }

  async #ask(id: string): Promise<ChatEntry> {
    const shown = await this.#messenger.api.get('/api/v1/chats/{chat}', { path: { chat: id } });
    if (!('read' in shown)) throw new Problem('not_a_member', 403, '', '');
    return this.#take(shown);
  }

  #take(shown: ChatShown): ChatEntry {
    let entry = this.#entries.get(shown.id);
    if (entry === undefined) {
      entry = new ChatEntry(this.#messenger, shown);
      this.#entries.set(shown.id, entry);
    } else {
      entry.take(shown);
    }
    if (shown.kind !== 'direct' && shown.title === null) void this.#nameAfterMembers(entry);
    this.#messenger.arrivedUpTo(entry, shown);
    this.changed(entry);
    return entry;
  }

  async #nameAfterMembers(entry: ChatEntry): Promise<void> {
    const { api, people } = this.#messenger;
    const given = { path: { chat: entry.id }, query: { limit: NAMED_AFTER } };
    try {
      const page = await api.get('/api/v1/chats/{chat}/members', given);
      entry.named(page.items.map((shown) => people.learn({ ...shown, id: shown.user })));
      this.#keeping.begin();
    } catch (cause) {
      if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
      this.#messenger.trouble('chat.not_named', cause); // it is asked again with the next list
    }
  }

  async #count(): Promise<void> {
    const ids = [...this.#uncounted];
    this.#uncounted.clear();
    for (const id of ids) {
      try {
        if (this.get(id)?.gone === null) await this.#ask(id);
      } catch (cause) {
        if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
        this.#messenger.trouble('chat.not_counted', cause); // the next connection brings the list
      }
    }
  }

  async #channels(text: string, cursor: string | null, signal: AbortSignal | undefined): Promise<ChannelPage> {
    const query = { view: 'channels' as const, query: text, cursor, limit: FIRST_PAGE };
    const page = await this.#messenger.api.get('/api/v1/chats', { query, signal });
    const items = page.items.map((shown) => this.#channelOf(shown));
    const { next } = page;
    return { items, more: next === null ? null : () => this.#channels(text, next, signal) };
  }

  #channelOf({ id, title, member_count: memberCount }: Shapes['ChannelShown'] | ChatShown): Channel {
    return { id, title: title ?? id, memberCount, joined: this.get(id)?.gone === null };
  }

  #sorted(): readonly ChatEntry[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.gone !== 'left')
      .map((entry) => ({ entry, at: entry.activeAt }))
      .sort((one, other) => other.at - one.at)
      .map(({ entry }) => entry);
  }

  #keep(): void {
    const entries = this.list.filter((entry) => entry.gone === null);
    const chats = entries.map((entry) => entry.snapshot());
    const named = Object.fromEntries(
      entries.flatMap(({ id, names }) => (names.length === 0 ? [] : [[id, names.map((person) => person.id)]])),
    );
    const at = this.#messenger.clock.wall();
    const people = this.#messenger.people.snapshot();
    this.#messenger.keep('chats.not_kept', (kept) => kept.keepChats({ at, chats, named, people }));
  }
}
