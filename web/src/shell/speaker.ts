const NAME = 'tenfour.speaker';

/**
 * Whether this tab is the one that notifies and sounds for all tabs of the browser. The first one holds the lock;
 * when it closes the next has it. Plain http has no locks: there the tab that is looked at speaks.
 */
export class Speaker {
  #holds = false;

  constructor(signal: AbortSignal) {
    if (navigator.locks === undefined) return;
    const held = navigator.locks.request(NAME, { signal }, () => {
      this.#holds = true;
      return new Promise<void>((release) => signal.addEventListener('abort', () => release(), { once: true }));
    });
    held.catch((cause: unknown) => {
      if (!signal.aborted) throw cause;
    });
  }

  get speaks(): boolean {
    return navigator.locks === undefined ? document.visibilityState === 'visible' : this.#holds;
  }
}
