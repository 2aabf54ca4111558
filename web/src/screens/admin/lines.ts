/** Points as paths of SVG, in a box of 1,000 by 100. */

import type { Point } from './figures';

const WIDTH = 1_000;
const HEIGHT = 100;

export type Span = readonly [number, number];

/** Where a moment lies between the beginning (0) and the end (1) of the span. */
export function placeOfPoint(at: number, [from, to]: Span): number {
  return to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 0;
}

/** The line, broken where nothing is known, and the area below it. What is beyond the scale lies at its top. */
export function pathsOf(points: readonly Point[], span: Span, top: number): { line: string; area: string } {
  const pieces = piecesOf(points).map((piece) =>
    piece.map(({ at, value }) => {
      const x = placeOfPoint(at, span) * WIDTH;
      const y = HEIGHT - (Math.min(value, top) / top) * HEIGHT;
      return [rounded(x), rounded(y)] as const;
    }),
  );
  const line = pieces.map((piece) => `M${piece.map((place) => place.join(' ')).join('L')}${dot(piece)}`).join('');
  const area = pieces
    .map((piece) => {
      const [first, last] = [piece[0], piece.at(-1)];
      if (first === undefined || last === undefined) return '';
      return `M${first[0]} ${HEIGHT}L${piece.map((place) => place.join(' ')).join('L')}L${last[0]} ${HEIGHT}Z`;
    })
    .join('');
  return { line, area };
}

/** A point with nothing known on both sides is drawn as a line of no length, which round ends make a dot. */
function dot(piece: readonly unknown[]): string {
  return piece.length === 1 ? 'h0' : '';
}

function piecesOf(points: readonly Point[]): { at: number; value: number }[][] {
  const pieces: { at: number; value: number }[][] = [];
  let open: { at: number; value: number }[] | null = null;
  for (const { at, value } of points) {
    if (value === null) open = null;
    else if (open === null) pieces.push((open = [{ at, value }]));
    else open.push({ at, value });
  }
  return pieces;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
