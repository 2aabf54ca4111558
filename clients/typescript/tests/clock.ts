/** Clocks for tests: one that the test moves, and one that counts who waits. */

import { systemClock, type Clock } from '../src/clock';

/** Stands still until it is moved. */
export class ManualClock implements Clock {
  readonly #bells = new Set<{ readonly at: number; readonly bell: () => void }>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  ring(afterMs: number, bell: () => void): () => void {
    const set = { at: this.#now + afterMs, bell };
    this.#bells.add(set);
    return () => this.#bells.delete(set);
  }

  move(ms: number): void {
    this.#now += ms;
    for (const set of [...this.#bells].filter(({ at }) => at <= this.#now)) {
      if (this.#bells.delete(set)) set.bell();
    }
  }
}

/** The system's clock, and how many wait for it. */
export class CountingClock implements Clock {
  readonly #waiting = new Set<symbol>();

  get waiting(): number {
    return this.#waiting.size;
  }

  now(): number {
    return systemClock.now();
  }

  ring(afterMs: number, bell: () => void): () => void {
    const mark = Symbol('bell');
    this.#waiting.add(mark);
    const silence = systemClock.ring(afterMs, () => {
      this.#waiting.delete(mark);
      bell();
    });
    return () => {
      this.#waiting.delete(mark);
      silence();
    };
  }
}
