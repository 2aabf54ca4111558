import type { Channel, ChatEntry } from '../state/chats.svelte';
import type { Messenger } from '../state/messenger.svelte';
import type { Person } from '../state/people.svelte';
import { Asked } from './asked.svelte';
import { fitting } from './match';

const CHATS = 30;
const STRANGERS = 8;

/** Something that one can go to. */
export type Place =
  | { readonly is: 'chat'; readonly key: string; readonly chat: ChatEntry }
  | { readonly is: 'person'; readonly key: string; readonly person: Person }
  | { readonly is: 'channel'; readonly key: string; readonly channel: Channel };

/** What fits the typed letters: chats at once, people and channels when the server has answered. */
export class Finder {
  readonly #messenger: Messenger;
  readonly #typed: () => string;
  readonly #strangers: Asked<{ people: readonly Person[]; channels: readonly Channel[] }>;

  constructor(messenger: Messenger, typed: () => string) {
    this.#messenger = messenger;
    this.#typed = typed;
    this.#strangers = new Asked(
      () => typed().trim(),
      async (text, signal) => {
        const [people, page] = await Promise.all([
          messenger.people.search(text, signal),
          messenger.chats.channels(text, signal),
        ]);
        return { people, channels: page.items };
      },
    );
  }

  readonly chats: readonly ChatEntry[] = $derived.by(() =>
    fitting(this.#messenger.chats.list, this.#typed(), (chat) => chat.title).slice(0, CHATS),
  );

  /** People with whom there is no direct chat in the list yet. */
  readonly people: readonly Person[] = $derived.by(() => {
    const known = new Set(this.#messenger.chats.list.map((chat) => chat.other?.id));
    return fitting(this.#strangers.answer?.people ?? [], this.#typed(), (person) => person.name)
      .filter(({ id }) => !known.has(id) && id !== this.#messenger.me.id)
      .slice(0, STRANGERS);
  });

  readonly channels: readonly Channel[] = $derived.by(() =>
    fitting(this.#strangers.answer?.channels ?? [], this.#typed(), (channel) => channel.title)
      .filter((channel) => !channel.joined)
      .slice(0, STRANGERS),
  );

  readonly places: readonly Place[] = $derived([
    ...this.chats.map((chat) => ({ is: 'chat' as const, key: chat.id, chat })),
    ...this.people.map((person) => ({ is: 'person' as const, key: person.id, person })),
    ...this.channels.map((channel) => ({ is: 'channel' as const, key: channel.id, channel })),
  ]);

  get searching(): boolean {
    return this.#strangers.running;
  }

  /** Why people and channels could not be looked for. */
  get failure(): unknown {
    return this.#strangers.failure;
  }

  /** Leads to the chat of a place, which is made or joined first where it has to be. */
  async chatOf(place: Place): Promise<string> {
    const { chats } = this.#messenger;
    if (place.is === 'chat') return place.chat.id;
    if (place.is === 'person') return chats.create({ kind: 'direct', members: [place.person.id] });
    await chats.join(place.channel.id);
    return place.channel.id;
  }
}
