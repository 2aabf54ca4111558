/** What a browser has and Node has not: the events of a page, and Web Locks. */

import { getEventListeners } from 'node:events';
import { vi } from 'vitest';

const OF_WINDOW = ['online', 'pagehide', 'pageshow'] as const;

/** A window and its document, until `vi.unstubAllGlobals`. */
export class Page {
  readonly #window = new EventTarget();
  readonly #document = Object.assign(new EventTarget(), { visibilityState: 'visible' });

  constructor() {
    vi.stubGlobal('addEventListener', this.#window.addEventListener.bind(this.#window));
    vi.stubGlobal('removeEventListener', this.#window.removeEventListener.bind(this.#window));
    vi.stubGlobal('document', this.#document);
  }

  get listeners(): number {
    const ofWindow = OF_WINDOW.map((type) => getEventListeners(this.#window, type).length);
    return [...ofWindow, getEventListeners(this.#document, 'visibilitychange').length].reduce((sum, one) => sum + one);
  }

  online(): void {
    this.#window.dispatchEvent(new Event('online'));
  }

  show(visibilityState: 'visible' | 'hidden'): void {
    this.#document.visibilityState = visibilityState;
    this.#document.dispatchEvent(new Event('visibilitychange'));
  }

  hide(): void {
    this.#window.dispatchEvent(new Event('pagehide'));
  }

  returnFromCache(): void {
    this.#window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  }
}

/** Exclusive locks that tabs of one browser share: as much of Web Locks as is used. */
export class Locks implements LockManager {
  readonly #held = new Map<string, Promise<unknown>>();

  async request<T>(
    name: string,
    ...more: [LockGrantedCallback<T>] | [LockOptions, LockGrantedCallback<T>]
  ): Promise<Awaited<T>> {
    const callback = more.length === 1 ? more[0] : more[1];
    while (this.#held.has(name)) await this.#held.get(name);
    const work = Promise.resolve(callback({ name, mode: 'exclusive' }));
    this.#held.set(name, work);
    try {
      return await work;
    } finally {
      this.#held.delete(name);
    }
  }

  query(): Promise<LockManagerSnapshot> {
    return Promise.resolve({
      held: [...this.#held.keys()].map((name) => ({ name, mode: 'exclusive' as const })),
      pending: [],
    });
  }
}
