/** One chat in the list. */

import type { ChatChanged, MemberChanged, MemberJoined, MemberLeft, MessageSent } from '@tenfour/client';
import type { Shapes } from '../lib/api';
import type { Person } from './people.svelte';
import type { LastMessage, Kind, Role } from './chats.svelte';
import type { Messenger } from './messenger.svelte';
import { Progress, type Reached } from './progress';
import { TypingHeard } from './typing.svelte';
import { Unread, type CountBetween } from './unread';

type ChatShown = Shapes['ChatShown'];

/** What of a message the list shows. */
interface Said {
  readonly seq: number;
  readonly id: string;
  readonly by: string;
  readonly text: string | null;
  readonly at: number;
}

const NAMES_MAX = 4;

export class ChatEntry {
  readonly id: string;
  readonly progress = new Progress();
  #messenger: Messenger;
  #shown: ChatShown = $state.raw(undefined as unknown as ChatShown);
  #said: Said | null = $state.raw(null);
  #unread = new Unread();
  #count = $state(0);
  #read = $state(0);
  #head = $state(0);
  #role: Role = $state('member');
  #memberCount = $state(0);
  #ownTitle: string | null = $state(null);
  #gone: null | 'left' | 'removed' = $state(null);
  /** Events up to here are in what the server has shown. */
  #counted = 0;
  /** The read position that the server has told last. */
  #readThere = 0;
  #mentions: number[] = $state.raw([]);
  /** Whom a group without a title is named after. */
  #names: readonly Person[] = $state.raw([]);
  #typing: TypingHeard;
  /** Grows with each change of `progress`. */
  #ticks = $state(0);

  constructor(messenger: Messenger, shown: ChatShown) {
    this.id = shown.id;
    this.#messenger = messenger;
    this.#typing = new TypingHeard(messenger.clock);
    this.take(shown);
  }

  get kind(): Kind {
    return kindOf(this.#shown.kind);
  }

  /** Never empty: the other person's name, or those of the first members, where it has none. */
  get title(): string {
    if (this.#ownTitle !== null) return this.#ownTitle;
    const { me } = this.#messenger;
    if (this.kind === 'direct') return (this.other ?? me).name || NAMELESS;
    const names = this.#names.filter((person) => person !== me && person.name !== '').map((person) => person.name);
    return names.length === 0 ? me.name : names.slice(0, NAMES_MAX).join(', ');
  }

  /** Whom a chat without a title is named after. */
  get names(): readonly Person[] {
    return this.#names;
  }

  /** The title as it was set; null where it has none. */
  get ownTitle(): string | null {
    return this.#ownTitle;
  }

  /** Whom one talks with, in a direct chat. */
  get other(): Person | null {
    return this.#shown.other === null ? null : this.#messenger.people.get(this.#shown.other.id);
  }

  get head(): number {
    return this.#head;
  }

  get read(): number {
    return this.#read;
  }

  /** Messages by others after `read`, counted to 100. */
  get unread(): number {
    return this.#gone === null ? this.#count : 0;
  }

  /** Whether one of them names the reader. */
  get mentioned(): boolean {
    return this.unread > 0 && this.#mentions.some((seq) => seq > this.#read);
  }

  get last(): LastMessage | null {
    const { me, outgoing } = this.#messenger;
    const sending = outgoing.of(this.id).at(-1);
    if (sending !== undefined) {
      const { text, at, failure } = sending;
      return { by: me.id, text, mine: true, status: failure === null ? 'pending' : 'failed', at };
    }
    const said = this.#said;
    if (said === null) return null;
    const mine = said.by === me.id;
    return { by: said.by, text: said.text, mine, status: mine ? this.statusOf(said.seq) : null, at: said.at };
  }

  /** When something was last said in it, else when it was made. */
  get activeAt(): number {
    return this.last?.at ?? Date.parse(this.#shown.created_at);
  }

  get typing(): readonly Person[] {
    return this.#typing.users.map((user) => this.#messenger.people.get(user));
  }

  get memberCount(): number {
    return this.#memberCount;
  }

  get role(): Role {
    return this.#role;
  }

  get draft(): string {
    return this.#messenger.drafts.get(this.id);
  }

  /** Whether receipts, typing and presence are told in it: not in large chats. */
  get isSmall(): boolean {
    return this.#memberCount <= this.#messenger.smallMax;
  }

  get gone(): null | 'left' | 'removed' {
    return this.#gone;
  }

  /** Whether the number of unread messages has to be asked for, and the server knows what was read. */
  get isUnsure(): boolean {
    return !this.#unread.isSure && this.#readThere >= this.#read;
  }

  get ticks(): number {
    return this.#ticks;
  }

  /** The tick of a message of one's own that the server has acknowledged. */
  statusOf(seq: number): NonNullable<LastMessage['status']> {
    void this.#ticks;
    return this.progress.statusOf(seq);
  }

  /** As it is kept for the next start. */
  snapshot(): ChatShown {
    return {
      ...this.#shown,
      title: this.#ownTitle,
      member_count: this.#memberCount,
      head: this.#head,
      role: this.#role,
      read: this.#read,
      unread: this.#count,
    };
  }

  // What the messenger tells

  /** Takes what the server shows of the chat. */
  take(shown: ChatShown): void {
    const { people } = this.#messenger;
    this.#shown = shown;
    this.#ownTitle = shown.title;
    this.#role = roleOf(shown.role);
    this.#memberCount = shown.member_count;
    this.progress.expect(shown.member_count - 1);
    this.#head = Math.max(this.#head, shown.head);
    this.#counted = Math.max(this.#counted, shown.head);
    this.#gone = null;
    if (shown.other !== null) people.presence.expect(people.learn(shown.other).id);
    if (shown.last_message !== null && shown.last_message.seq >= (this.#said?.seq ?? 0)) {
      this.#said = saidOf(shown.last_message);
      this.#noteMention(shown.last_message);
    }
    this.#readThere = Math.max(this.#readThere, shown.read);
    this.#unread.take(shown, this.#between);
    this.#showUnread();
  }

  named(first: readonly Person[]): void {
    this.#names = first;
  }

  /** A message has come; each once and in order. */
  said(event: MessageSent): void {
    const { me } = this.#messenger;
    this.#head = Math.max(this.#head, event.seq);
    this.#typing.stopped(event.by);
    if (event.seq >= (this.#said?.seq ?? 0)) this.#said = saidOf(event);
    if (event.by === me.id) {
      this.readUpTo(event.seq);
      return;
    }
    if (event.deleted || event.seq <= this.#counted) return;
    this.#noteMention(event);
    this.#unread.arrived(event.seq);
    this.#showUnread();
  }

  /** One's own message has its place; its event may still be on its way. */
  acknowledged(said: Said): void {
    if (said.seq >= (this.#said?.seq ?? 0)) this.#said = said;
    this.readUpTo(said.seq);
  }

  /** The present text of a message; null where it was deleted. */
  edited(id: string, text: string | null): void {
    if (this.#said?.id === id) this.#said = { ...this.#said, text };
    if (text === null) this.#unread.deleted();
  }

  passed(seq: number): void {
    this.#head = Math.max(this.#head, seq);
  }

  membersChanged(event: MemberJoined | MemberLeft | MemberChanged): void {
    const { me } = this.#messenger;
    const isNews = event.seq > this.#counted;
    switch (event.type) {
      case 'member_joined':
        if (isNews) this.#memberCount += 1;
        if (event.user !== me.id) this.progress.joined(event.user, event.seq);
        else this.#gone = null;
        this.progress.expect(this.#memberCount - 1);
        break;
      case 'member_left':
        if (isNews) this.#memberCount -= 1;
        this.progress.left(event.user);
        this.progress.expect(this.#memberCount - 1);
        this.#typing.stopped(event.user);
        this.#ticks += 1;
        if (event.user === me.id && isNews) this.#gone = event.by === me.id ? 'left' : 'removed';
        break;
      case 'member_changed':
        if (event.user === me.id && isNews) this.#role = roleOf(event.role);
        break;
    }
  }

  renamed(event: ChatChanged): void {
    if (event.seq > this.#counted) this.#ownTitle = event.title;
  }

  removed(): void {
    this.#gone ??= 'removed';
    this.#typing.dispose();
  }

  /** Everything up to a seq was read here. True where that is news. */
  readUpTo(seq: number): boolean {
    const isNews = this.#unread.readUpTo(seq, this.#between);
    this.#showUnread();
    return isNews;
  }

  /** The server knows that everything up to a seq was read. True where that is news. */
  readThere(seq: number): boolean {
    this.#readThere = Math.max(this.#readThere, seq);
    const isNews = this.#unread.heard(seq, this.#between);
    this.#showUnread();
    return isNews;
  }

  markFrom(seq: number, count: number): void {
    this.#unread.markFrom(seq, count);
    this.#showUnread();
  }

  /** Somebody has got so far. */
  heardReceipt(user: string, reached: Reached): void {
    const { me } = this.#messenger;
    if (user === me.id) this.readThere(reached.read);
    else if (this.progress.heard(user, reached)) this.#ticks += 1;
  }

  heardTyping(user: string, expiresMs: number): void {
    if (user !== this.#messenger.me.id) this.#typing.heard(user, expiresMs);
  }

  /** The connection is gone: nobody tells who types. */
  interrupted(): void {
    this.#typing.dispose();
  }

  /** The history is another one. */
  reset(): void {
    this.#unread.reset();
    this.progress.clear();
    this.#said = null;
    this.#head = this.#counted = this.#readThere = 0;
    this.#mentions = [];
    this.#showUnread();
  }

  dispose(): void {
    this.#typing.dispose();
  }

  #showUnread(): void {
    this.#count = this.#unread.count;
    this.#read = this.#unread.read;
  }

  #between: CountBetween = (after, upTo) => this.#messenger.othersBetween(this.id, after, upTo);

  #noteMention({ by, text, seq }: { by: string; text?: string | null; seq: number }): void {
    const { me } = this.#messenger;
    if (by === me.id || typeof text !== 'string' || !mentions(text, me.name)) return;
    this.#mentions = [...this.#mentions.filter((each) => each > this.#read && each !== seq), seq];
  }
}

const NAMELESS = '…';

export function saidOf(event: { seq: number; id: string; by: string; text?: string | null; at: string }): Said {
  return { seq: event.seq, id: event.id, by: event.by, text: event.text ?? null, at: Date.parse(event.at) };
}

/** Whether a text names somebody: `@ann`, and not as the beginning of another name. */
export function mentions(text: string, name: string): boolean {
  const at = text.toLowerCase().indexOf(`@${name.toLowerCase()}`);
  if (name === '' || at < 0) return false;
  return !/^[\p{L}\p{N}_]/u.test(text.slice(at + 1 + name.length));
}

export function kindOf(text: string): Kind {
  return text === 'direct' || text === 'channel' ? text : 'group';
}

export function roleOf(text: string): Role {
  return text === 'owner' || text === 'admin' ? text : 'member';
}
