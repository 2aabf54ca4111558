/** The members of one chat, as the panel shows them. */

import type { MemberChanged, MemberJoined, MemberLeft } from '@tenfour/client';
import { Problem, Unreachable, type Shapes } from '../lib/api';
import type { Role } from './chats.svelte';
import { roleOf } from './entry.svelte';
import type { Messenger } from './messenger.svelte';
import type { Person } from './people.svelte';

export interface Member {
  readonly person: Person;
  readonly role: Role;
  /** Milliseconds since 1970. */
  readonly joinedAt: number;
}

type LoadState =
  | { readonly is: 'loading' }
  | { readonly is: 'ready' }
  | { readonly is: 'failed'; readonly problem: Problem | Unreachable };

const PAGE = 100;

export class Members {
  readonly chat: string;
  #messenger: Messenger;
  #list: readonly Member[] = $state.raw([]);
  #load: LoadState = $state.raw({ is: 'loading' });
  #next: string | null = $state(null);
  #loading: Promise<void> | null = null;

  constructor(messenger: Messenger, chat: string) {
    this.#messenger = messenger;
    this.chat = chat;
    void this.retry();
  }

  get list(): readonly Member[] {
    return this.#list;
  }

  get state(): LoadState['is'] {
    return this.#load.is;
  }

  get problem(): Problem | Unreachable | null {
    return this.#load.is === 'failed' ? this.#load.problem : null;
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  more(): Promise<void> {
    return this.#next === null ? Promise.resolve() : this.#once(this.#next);
  }

  retry(): Promise<void> {
    return this.#once(null);
  }

  /** Raises `Problem` or `Unreachable`. */
  async add(user: string): Promise<void> {
    const path = { chat: this.chat, user };
    this.#put(await this.#messenger.api.put('/api/v1/chats/{chat}/members/{user}', { path }));
  }

  async remove(user: string): Promise<void> {
    await this.#messenger.api.delete('/api/v1/chats/{chat}/members/{user}', { path: { chat: this.chat, user } });
    this.#drop(user);
  }

  async setRole(user: string, role: Role): Promise<void> {
    const given = { path: { chat: this.chat, user }, body: { role } };
    this.#put(await this.#messenger.api.patch('/api/v1/chats/{chat}/members/{user}', given));
  }

  /** Something has changed, by whomever. */
  happened(event: MemberJoined | MemberLeft | MemberChanged): void {
    const known = this.#list.find(({ person }) => person.id === event.user);
    if (event.type === 'member_left') this.#drop(event.user);
    else if (known !== undefined) this.#replace({ ...known, role: roleOf(event.role) });
    else if (event.type === 'member_joined') {
      const person = this.#messenger.people.get(event.user);
      this.#list = [...this.#list, { person, role: roleOf(event.role), joinedAt: Date.parse(event.at) }];
    }
  }

  #once(cursor: string | null): Promise<void> {
    this.#loading ??= this.#page(cursor).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #page(cursor: string | null): Promise<void> {
    const { api } = this.#messenger;
    try {
      const query = { limit: PAGE, cursor };
      const page = await api.get('/api/v1/chats/{chat}/members', { path: { chat: this.chat }, query });
      if (cursor === null) this.#list = [];
      for (const shown of page.items) this.#put(shown);
      this.#next = page.next;
      this.#load = { is: 'ready' };
    } catch (cause) {
      if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
      this.#load = { is: 'failed', problem: cause };
    }
  }

  #put(shown: Shapes['MemberShown']): void {
    const { people, chats, me } = this.#messenger;
    const person = people.learn({ ...shown, id: shown.user });
    if (person !== me && chats.get(this.chat)?.isSmall === true) people.presence.expect(person.id);
    const member = { person, role: roleOf(shown.role), joinedAt: Date.parse(shown.joined_at) };
    if (this.#list.some((each) => each.person === person)) this.#replace(member);
    else this.#list = [...this.#list, member];
  }

  #replace(member: Member): void {
    this.#list = this.#list.map((each) => (each.person === member.person ? member : each));
  }

  #drop(user: string): void {
    this.#list = this.#list.filter(({ person }) => person.id !== user);
  }
}
