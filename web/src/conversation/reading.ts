const SEEN_AFTER_MS = 500;

/** Reports what was read: a message that stayed wholly visible for half a second in a window that has the focus. */
export class Reading {
  readonly #visible: () => number | null;
  readonly #report: (seq: number) => void;
  readonly #listening = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reported = 0;

  /** `visible` gives the highest seq that is wholly visible by the reader's own doing, or null. */
  constructor(visible: () => number | null, report: (seq: number) => void) {
    this.#visible = visible;
    this.#report = report;
    const { signal } = this.#listening;
    window.addEventListener('focus', () => this.look(), { signal });
    document.addEventListener('visibilitychange', () => this.look(), { signal });
  }

  /** Something came into view or went; called as often as one likes. */
  look(): void {
    if (this.#timer !== undefined) return;
    const since = this.#watched();
    if (since === null || since <= this.#reported) return;
    this.#timer = setTimeout(() => this.#stayed(since), SEEN_AFTER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#listening.abort();
  }

  #stayed(since: number): void {
    this.#timer = undefined;
    const now = this.#watched();
    if (now === null) return;
    const seq = Math.min(since, now);
    if (seq > this.#reported) {
      this.#reported = seq;
      this.#report(seq);
    }
    this.look();
  }

  #watched(): number | null {
    return document.visibilityState === 'visible' && document.hasFocus() ? this.#visible() : null;
  }
}
