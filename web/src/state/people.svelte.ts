/** Everybody whose name is known, each as one object that keeps itself up to date. */

import { SvelteMap } from 'svelte/reactivity';
import { Problem, Unreachable, type Api } from '../lib/api';
import { hueOf } from '../lib/hues';

export type Online = 'online' | 'away' | 'offline' | null;

/** What the server tells of a person. */
export interface Face {
  readonly id: string;
  readonly name: string;
  readonly avatar?: string | null;
  readonly avatar_colour?: string | null;
}

export class Person {
  readonly id: string;
  /** Empty until it is known. */
  name: string = $state('');
  /** The address of the picture. */
  avatar: string | null = $state(null);
  /** The colour that they chose, `#rrggbb`. */
  colour: string | null = $state(null);
  #people: People;

  constructor(id: string, people: People) {
    this.id = id;
    this.#people = people;
  }

  /** One of ten: the colour that they chose, else one by their id. */
  get hue(): number {
    return hueOf(this.id, this.colour);
  }

  /** Null: not known, as in chats that are too large to tell. */
  get online(): Online {
    return this.#people.presence.of(this.id);
  }
}

/** Who is there, of those with whom one shares a direct chat or a small one. */
export class Presence {
  #isKnown = $state(false);
  #states = new SvelteMap<string, Online>();

  of(user: string): Online {
    return this.#isKnown ? (this.#states.get(user) ?? null) : null;
  }

  /** The connection is there: who is heard of no more is away from now on. */
  begin(): void {
    for (const user of this.#states.keys()) this.#states.set(user, 'offline');
    this.#isKnown = true;
  }

  /** Nobody tells any more who is there. */
  end(): void {
    this.#isKnown = false;
  }

  /** Somebody whose coming and going one is told of. */
  expect(user: string): void {
    if (!this.#states.has(user)) this.#states.set(user, 'offline');
  }

  heard(user: string, state: string): void {
    this.#states.set(user, state === 'online' || state === 'away' ? state : 'offline');
  }
}

const LOOKED_UP_AT_ONCE = 100;
/** People whose names are there without a network. */
const KEPT_MAX = 500;

export class People {
  readonly presence = new Presence();
  #api: Api;
  #known = new Map<string, Person>();
  #nameless = new Set<string>();
  /** Known from an earlier visit only. */
  #recalled = new Set<string>();
  #lookup: Promise<void> | null = null;
  #ended = new AbortController();

  constructor(api: Api) {
    this.#api = api;
  }

  /** The person of an id, always the same object; the name comes when it is known. */
  get(id: string): Person {
    let person = this.#known.get(id);
    if (person === undefined) {
      person = new Person(id, this);
      this.#known.set(id, person);
      this.#nameless.add(id);
      this.lookUpAgain();
    } else if (this.#recalled.delete(id)) {
      this.#nameless.add(id); // they may have another name by now
      this.lookUpAgain();
    }
    return person;
  }

  /** Takes what an answer of the server told. */
  learn(face: Face): Person {
    let person = this.#known.get(face.id);
    if (person === undefined) {
      person = new Person(face.id, this);
      this.#known.set(face.id, person);
    }
    person.name = face.name;
    if (face.avatar !== undefined) person.avatar = face.avatar;
    if (face.avatar_colour !== undefined) person.colour = face.avatar_colour;
    this.#nameless.delete(face.id);
    this.#recalled.delete(face.id);
    return person;
  }

  /** Takes what an earlier visit has left, where the server has not told yet. */
  recall(face: Face): void {
    if ((this.#known.get(face.id)?.name ?? '') !== '') return;
    this.learn(face);
    this.#recalled.add(face.id);
  }

  /** Asks for the names that are missing. */
  lookUpAgain(): void {
    if (this.#nameless.size === 0) return;
    // Together, those that are asked for in one go.
    this.#lookup ??= Promise.resolve().then(() => this.#lookUp());
  }

  /** People whose name begins with a text. */
  async search(text: string, signal?: AbortSignal): Promise<Person[]> {
    const page = await this.#api.get('/api/v1/users', { query: { query: text, limit: 20 }, signal });
    return page.items.map((user) => this.learn(user));
  }

  /** Whose names are known, as they are kept for the next start. */
  snapshot(): Required<Face>[] {
    return [...this.#known.values()]
      .filter(({ name }) => name !== '')
      .slice(-KEPT_MAX)
      .map(({ id, name, avatar, colour }) => ({ id, name, avatar, avatar_colour: colour }));
  }

  dispose(): void {
    this.#ended.abort();
  }

  async #lookUp(): Promise<void> {
    const ids = [...this.#nameless].slice(0, LOOKED_UP_AT_ONCE);
    try {
      const page = await this.#api.get('/api/v1/users', { query: { ids: ids.join(',') }, signal: this.#ended.signal });
      for (const user of page.items) this.learn(user);
      for (const id of ids) this.#nameless.delete(id); // whom the server does not know stays without a name
      this.#lookup = null;
      this.lookUpAgain();
    } catch (cause) {
      this.#lookup = null;
      if (this.#ended.signal.aborted) return;
      // They are asked for again with the next connection.
      if (!(cause instanceof Problem || cause instanceof Unreachable)) throw cause;
    }
  }
}
