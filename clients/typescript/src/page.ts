/** What a browser tells a page about its network and itself. */

export interface PageListener {
  /** The network is back, or somebody looks again. */
  awake(): void;
  /** The page goes away, perhaps into the memory of the back button. */
  left(): void;
  /** The page comes back from there. */
  returned(): void;
}

/** Tells until the signal aborts; outside browsers there is nothing to tell. */
export function watchPage(told: PageListener, signal: AbortSignal): void {
  if (typeof addEventListener !== 'function') return;
  addEventListener('online', () => told.awake(), { signal });
  addEventListener('pagehide', () => told.left(), { signal });
  addEventListener('pageshow', ({ persisted }) => persisted && told.returned(), { signal });
  if (typeof document === 'undefined') return;
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && told.awake(), {
    signal,
  });
}
