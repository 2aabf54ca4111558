/** Time, as the state layer sees it: the SDK's clock, and what the person's own clock shows. */

import type { Clock as Ringing } from '@tenfour/client';

export interface Clock extends Ringing {
  /** Milliseconds since 1970. */
  wall(): number;
}

export const pageClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  ring(afterMs, bell) {
    const timer = setTimeout(bell, afterMs);
    return () => clearTimeout(timer);
  },
};

/** Rings once when nothing has been asked of it for a while. */
export class Later {
  #clock: Clock;
  #ms: number;
  #run: () => void;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, ms: number, run: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#run = run;
  }

  get isSet(): boolean {
    return this.#cancel !== null;
  }

  /** Begins, or begins anew. */
  ask(): void {
    this.cancel();
    this.#cancel = this.#clock.ring(this.#ms, () => {
      this.#cancel = null;
      this.#run();
    });
  }

  /** Begins, unless it has: what never rests is done all the same. */
  begin(): void {
    if (this.#cancel === null) this.ask();
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Does now what was asked for, if anything was. */
  hurry(): void {
    if (this.#cancel === null) return;
    this.cancel();
    this.#run();
  }
}
