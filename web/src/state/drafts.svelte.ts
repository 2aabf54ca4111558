/** What was written and not sent, by chat: kept on this device half a second after the last key. */

import { SvelteMap } from 'svelte/reactivity';

export class Drafts {
  #texts = new SvelteMap<string, string>();

  /** Empty where there is none. */
  get(chat: string): string {
    return this.#texts.get(chat) ?? '';
  }

  set(chat: string, text: string): void {
    if (text === '') this.#texts.delete(chat);
    else this.#texts.set(chat, text);
  }
}
