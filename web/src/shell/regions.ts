/**
 * Moves the focus to the next (or previous) region of the page that is on screen. A region is an element with
 * `data-region`; it takes the focus where it was left, else on its `data-region-start`, else by itself.
 */
export function moveRegion(step: 1 | -1, root: ParentNode = document): void {
  const regions = [...root.querySelectorAll<HTMLElement>('[data-region]')].filter((region) => region.checkVisibility());
  if (regions.length === 0) return;

  const here = regions.findIndex((region) => region.contains(document.activeElement));
  if (here >= 0) remember(regions[here] as HTMLElement);
  const next = regions[(here + step + regions.length + (here < 0 && step < 0 ? 1 : 0)) % regions.length] as HTMLElement;
  enter(next);
}

const left = new WeakMap<HTMLElement, Element>();

function remember(region: HTMLElement): void {
  if (document.activeElement !== null) left.set(region, document.activeElement);
}

function enter(region: HTMLElement): void {
  const before = left.get(region);
  const start = region.querySelector<HTMLElement>('[data-region-start]');
  const target =
    before instanceof HTMLElement && region.contains(before) && before.checkVisibility() ? before : (start ?? region);
  target.focus();
}
