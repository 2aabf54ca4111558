/** What a browser tells a page about its network and itself. */

export interface PageListener {
  /** The network is back, or somebody looks again. */
  awake(): void;
  /** The page goes away, perhaps into the memory of the back button. */
  left(): void;
  /** The page comes back from there. */
  returned(): void;
}

/** Tells until the answer is called; outside browsers there is nothing to tell. */
export function watchPage(told: PageListener): () => void {
  // Not by the `signal` of addEventListener: Node 20 forgets some of its listeners when memory is tidied up.
  const undo: (() => void)[] = [];
  const listen = (
    target: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>,
    type: string,
    listener: (event: Event) => void,
  ): void => {
    target.addEventListener(type, listener);
    undo.push(() => target.removeEventListener(type, listener));
  };
  if (typeof addEventListener === 'function') {
    listen(globalThis, 'online', () => told.awake());
    listen(globalThis, 'pagehide', () => told.left());
    listen(globalThis, 'pageshow', (event) => 'persisted' in event && event.persisted === true && told.returned());
  }
  if (typeof document !== 'undefined') {
    listen(document, 'visibilitychange', () => document.visibilityState === 'visible' && told.awake());
  }
  return () => undo.forEach((each) => each());
}
