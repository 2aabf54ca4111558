const HELD_MS = 450;
const STILL_PX = 10;

/** Calls back with what a finger rests on within the element, and where; a scroll or a tap is none. */
export function longPress(
  held: (on: Element, at: { x: number; y: number }) => void,
): (element: HTMLElement) => () => void {
  return (element) => {
    const listening = new AbortController();
    const { signal } = listening;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let from = { x: 0, y: 0 };
    const stop = (): void => clearTimeout(timer);

    element.addEventListener(
      'pointerdown',
      (event) => {
        const { target } = event;
        if (event.pointerType === 'mouse' || !event.isPrimary || !(target instanceof Element)) return;
        from = { x: event.clientX, y: event.clientY };
        clearTimeout(timer);
        timer = setTimeout(() => held(target, from), HELD_MS);
      },
      { signal },
    );
    element.addEventListener(
      'pointermove',
      (event) => {
        if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > STILL_PX) stop();
      },
      { signal },
    );
    for (const kind of ['pointerup', 'pointercancel', 'pointerleave'] as const)
      element.addEventListener(kind, stop, { signal });
    return () => {
      stop();
      listening.abort();
    };
  };
}
