const REST_MS = 200;

/** The answer to what is typed, asked for when the typing rests; an older answer never comes over a newer one. */
export class Asked<T> {
  #answer = $state.raw<T | null>(null);
  #failure = $state.raw<unknown>(null);
  #running = $state(false);

  constructor(typed: () => string, ask: (text: string, signal: AbortSignal) => Promise<T>) {
    $effect(() => {
      const text = typed();
      this.#running = text !== '';
      if (text === '') {
        this.#answer = null;
        this.#failure = null;
        return undefined;
      }
      const ended = new AbortController();
      const timer = setTimeout(() => void this.#take(ask(text, ended.signal), ended.signal), REST_MS);
      return () => {
        clearTimeout(timer);
        ended.abort();
      };
    });
  }

  /** Null while nothing is typed or answered; the old answer stays until the new one is there. */
  get answer(): T | null {
    return this.#answer;
  }

  get failure(): unknown {
    return this.#failure;
  }

  get running(): boolean {
    return this.#running;
  }

  async #take(answering: Promise<T>, signal: AbortSignal): Promise<void> {
    try {
      const answer = await answering;
      if (signal.aborted) return;
      this.#answer = answer;
      this.#failure = null;
    } catch (cause) {
      if (signal.aborted) return;
      this.#failure = cause;
    }
    this.#running = false;
  }
}
