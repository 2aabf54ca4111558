/** Asks again and again, as long as somebody can see the answer. */

import { Problem } from '../../lib/api';
import { Later, pageClock, type Clock } from '../../lib/clock';
import { refusalOf, type Refusal } from '../../lib/texts/refusals';

export type Polled<T> =
  | { readonly is: 'loading' }
  /** `trouble`: the last answer did not come, and what is shown is older. */
  | { readonly is: 'known'; readonly value: T; readonly at: number; readonly trouble: Refusal | null }
  | { readonly is: 'failed'; readonly refusal: Refusal; readonly forbidden: boolean };

/** What tells whether the page is seen: the document. */
export type Seen = Pick<Document, 'visibilityState' | 'addEventListener'>;

export class Poll<T> {
  #state: Polled<T> = $state.raw({ is: 'loading' });
  #ask: (signal: AbortSignal) => Promise<T>;
  #clock: Clock;
  #page: Seen;
  #next: Later;
  #asking: AbortController | null = null;
  #ended = new AbortController();

  constructor(
    ask: (signal: AbortSignal) => Promise<T>,
    everyMs: number,
    clock: Clock = pageClock,
    page: Seen = document,
  ) {
    this.#ask = ask;
    this.#clock = clock;
    this.#page = page;
    this.#next = new Later(clock, everyMs, () => void this.refresh());
    page.addEventListener('visibilitychange', () => this.#turn(), { signal: this.#ended.signal });
    void this.refresh();
  }

  get state(): Polled<T> {
    return this.#state;
  }

  get value(): T | null {
    return this.#state.is === 'known' ? this.#state.value : null;
  }

  /** Asks now, in place of a question that is under way. */
  async refresh(): Promise<void> {
    this.#next.cancel();
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const value = await this.#ask(asking.signal);
      if (!asking.signal.aborted) this.#state = { is: 'known', value, at: this.#clock.wall(), trouble: null };
    } catch (cause) {
      if (asking.signal.aborted) return; // another question has taken its place
      this.#state = this.#failed(cause);
    }
    if (asking.signal.aborted) return;
    this.#asking = null;
    if (this.#page.visibilityState === 'visible') this.#next.ask();
  }

  /** What was known is of something else now: as at the start. */
  restart(): void {
    this.#state = { is: 'loading' };
    void this.refresh();
  }

  dispose(): void {
    this.#ended.abort();
    this.#asking?.abort();
    this.#next.cancel();
  }

  #turn(): void {
    if (this.#page.visibilityState !== 'visible') this.#next.cancel();
    else if (!this.#next.isSet && this.#asking === null) void this.refresh();
  }

  #failed(cause: unknown): Polled<T> {
    const refusal = refusalOf(cause);
    const forbidden = cause instanceof Problem && cause.code === 'forbidden';
    if (this.#state.is === 'known' && !forbidden) return { ...this.#state, trouble: refusal };
    return { is: 'failed', refusal, forbidden };
  }
}
