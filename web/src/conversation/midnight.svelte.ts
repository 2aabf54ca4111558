import { untilMidnight } from '../shell/when';

/** A moment of today, renewed when the day changes, so that "Today" becomes "Yesterday" under the reader's eyes. */
export class Midnight {
  now: number = $state(Date.now());
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(
      () => {
        this.now = Date.now();
        this.#wait();
      },
      untilMidnight(this.now) + 1000,
    );
  }
}
