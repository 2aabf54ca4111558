import { createSubscriber } from 'svelte/reactivity';
import { untilMidnight } from './when';

/** A moment of the present day, which changes at midnight: `Yesterday` is then said anew. */
export class Today {
  readonly #subscribe = createSubscriber((update) => {
    let timer = setTimeout(turn, untilMidnight(Date.now()));
    function turn() {
      update();
      timer = setTimeout(turn, untilMidnight(Date.now()));
    }
    // A machine that slept over midnight wakes with its timers late.
    document.addEventListener('visibilitychange', update);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', update);
    };
  });

  get now(): number {
    this.#subscribe();
    return Date.now();
  }
}
