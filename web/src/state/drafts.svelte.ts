/** What was written and not sent, by chat: kept on this device half a second after the last key, or when the page is left. */

import { SvelteMap } from 'svelte/reactivity';
import { Later, type Clock } from '../lib/clock';
import type { Kept } from '../lib/kept';

const KEEP_MS = 500;

export class Drafts {
  #texts = new SvelteMap<string, string>();
  /** Texts that were sent and not acknowledged: what is kept of them goes with the acknowledgement. */
  #sent = new Map<string, string>();
  #kept: Kept | null = null;
  #dirty = new Set<string>();
  #keeping: Later;
  #failed: (cause: unknown) => void;
  #leaving = new AbortController();

  constructor(clock: Clock, failed: (cause: unknown) => void) {
    this.#keeping = new Later(clock, KEEP_MS, () => this.#keep());
    this.#failed = failed;
    if (typeof document === 'undefined') return;
    // A page that is hidden may never run again; one that is reloaded is hidden first.
    document.addEventListener('visibilitychange', () => this.#keeping.hurry(), { signal: this.#leaving.signal });
  }

  /** Empty where there is none. */
  get(chat: string): string {
    return this.#texts.get(chat) ?? '';
  }

  set(chat: string, text: string): void {
    if (text === '') this.#texts.delete(chat);
    else this.#texts.set(chat, text);
    this.#dirty.add(chat);
    this.#keeping.ask();
  }

  /** The text is on its way: the composer is empty, and what is kept stays until it has arrived. */
  sent(chat: string, text: string): void {
    this.#sent.set(chat, text);
    this.#texts.delete(chat);
    this.#dirty.delete(chat);
  }

  /** The server has it, or its refusal has the text. */
  answered(chat: string): void {
    if (!this.#sent.delete(chat)) return;
    this.#dirty.add(chat);
    this.#keeping.ask();
  }

  /** Takes what an earlier visit has left, but what is on its way anyhow, and never over what is being written. */
  async restore(kept: Kept, onItsWay: ReadonlySet<string>): Promise<void> {
    for (const [chat, text] of await kept.drafts()) {
      if (onItsWay.has(text)) this.#dirty.add(chat);
      else if (!this.#texts.has(chat) && !this.#dirty.has(chat)) this.#texts.set(chat, text);
    }
    this.#kept = kept;
    if (this.#dirty.size > 0) this.#keeping.ask();
  }

  dispose(): void {
    this.#leaving.abort();
    this.#keeping.hurry();
    this.#kept = null;
  }

  #keep(): void {
    if (this.#kept === null) return;
    for (const chat of this.#dirty) {
      this.#kept.keepDraft(chat, this.get(chat)).catch(this.#failed);
    }
    this.#dirty.clear();
  }
}
