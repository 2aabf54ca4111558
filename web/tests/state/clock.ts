/** A clock that tests turn by hand. */

import type { Clock } from '../../src/lib/clock';

interface Bell {
  readonly at: number;
  readonly ring: () => void;
}

export class HandClock implements Clock {
  #now = 0;
  #bells = new Set<Bell>();
  readonly #start = Date.UTC(2026, 0, 15, 12);

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#start + this.#now;
  }

  get bells(): number {
    return this.#bells.size;
  }

  ring(afterMs: number, ring: () => void): () => void {
    const bell = { at: this.#now + afterMs, ring };
    this.#bells.add(bell);
    return () => this.#bells.delete(bell);
  }

  /** Time goes on, and what is due rings in its order. */
  turn(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = [...this.#bells].filter(({ at }) => at <= until).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#now = next.at;
      this.#bells.delete(next);
      next.ring();
    }
    this.#now = until;
  }
}
