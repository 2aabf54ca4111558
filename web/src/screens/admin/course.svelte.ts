/** The figures of the node over the last ten minutes, as far as the page was there to ask. */

import type { Api } from '../../lib/api';
import { pageClock, type Clock } from '../../lib/clock';
import { remember, type Figures, type Sample } from './figures';
import { Poll, type Polled, type Seen } from './poll.svelte';

export class Course {
  #samples: readonly Sample[] = $state.raw([]);
  #poll: Poll<Figures>;

  constructor(api: Api, everyMs: number, clock: Clock = pageClock, page: Seen = document) {
    this.#poll = new Poll(
      async (signal) => {
        const figures = await api.get('/api/v1/diagnostics/figures', { signal });
        this.#samples = remember(this.#samples, { at: clock.wall(), figures });
        return figures;
      },
      everyMs,
      clock,
      page,
    );
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  get polled(): Polled<Figures> {
    return this.#poll.state;
  }

  refresh(): Promise<void> {
    return this.#poll.refresh();
  }

  dispose(): void {
    this.#poll.dispose();
  }
}
