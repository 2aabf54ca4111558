export interface Slice {
  readonly first: number;
  /** One after the last. */
  readonly end: number;
}

const OVERSCAN = 8;
/** Below this many rows all of them are drawn: the find of the browser then finds each. */
export const DRAWN_WHOLE = 100;

/** Which rows of one height have to be drawn. */
export function visibleRows(count: number, rowHeight: number, scrollTop: number, viewport: number): Slice {
  if (count <= DRAWN_WHOLE || rowHeight <= 0) return { first: 0, end: Math.min(count, DRAWN_WHOLE) };
  const first = Math.floor(scrollTop / rowHeight) - OVERSCAN;
  const end = Math.ceil((scrollTop + viewport) / rowHeight) + OVERSCAN;
  return { first: Math.max(0, Math.min(first, count - 1)), end: Math.min(count, end) };
}
