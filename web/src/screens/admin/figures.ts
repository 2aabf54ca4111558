/** What a node counts, turned into rates and shares: a count is of all time, its growth between two answers is what goes on. */

import type { Shapes } from '../../lib/api';

export type Figures = Shapes['Figures'];

/** One answer of the server, and when it came. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly figures: Figures;
}

export interface Point {
  readonly at: number;
  /** Null where nothing can be said: no message was acknowledged in that time. */
  readonly value: number | null;
}

/** How many were up to each bound; the last count is of those beyond all of them. */
export interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

export const EVERY_MS = 4_000;
/** Ten minutes. */
export const SAMPLES_KEPT = 151;

/** The samples with one more. Another node, or the same after a restart, counts from 0: what was before tells nothing of it. */
export function remember(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last === undefined) return [next];
  const isAnother = last.figures.node !== next.figures.node || next.figures.up_s < last.figures.up_s;
  if (isAnother) return [next];
  return [...samples, next].slice(-SAMPLES_KEPT);
}

/** How fast a count grew, a second, from each answer to the next. The server's own clock measures the time between. */
export function rates(samples: readonly Sample[], countOf: (figures: Figures) => number): Point[] {
  return samples.slice(1).map((after, index) => {
    const before = samples[index] ?? after;
    return { at: after.at, value: perSecond(before.figures, after.figures, countOf) };
  });
}

/** A present value, as of each answer. */
export function values(samples: readonly Sample[], valueOf: (figures: Figures) => number): Point[] {
  return samples.map(({ at, figures }) => ({ at, value: valueOf(figures) }));
}

/** A quantile at each answer, of what came in the time before it. */
export function quantiles(
  samples: readonly Sample[],
  of: (figures: Figures) => Buckets,
  q: number,
  overMs: number,
): Point[] {
  return samples.slice(1).map((after, index) => {
    const before = sampleBefore(samples.slice(0, index + 1), after.at - overMs);
    return { at: after.at, value: quantile(grown(before && of(before.figures), of(after.figures)), q) };
  });
}

/** How fast a count grew, a second, over the last so many milliseconds; null with one answer alone. */
export function rate(samples: readonly Sample[], countOf: (figures: Figures) => number, overMs: number): number | null {
  const after = samples.at(-1);
  const before = after && sampleBefore(samples.slice(0, -1), after.at - overMs);
  return before && after ? perSecond(before.figures, after.figures, countOf) : null;
}

/** What came into each bucket over the last so many milliseconds; with `null`, since the start of the node. */
export function recent(samples: readonly Sample[], of: (figures: Figures) => Buckets, overMs: number | null): Buckets {
  const after = samples.at(-1);
  if (after === undefined) return { bounds: [], counts: [] };
  const before = overMs === null ? undefined : sampleBefore(samples.slice(0, -1), after.at - overMs);
  // With one answer alone nothing is known of what is recent.
  if (overMs !== null && before === undefined) return grown(of(after.figures), of(after.figures));
  return grown(before && of(before.figures), of(after.figures));
}

/** What came into each bucket between two answers. */
export function grown(before: Buckets | undefined, after: Buckets): Buckets {
  if (before === undefined) return after;
  return { bounds: after.bounds, counts: after.counts.map((count, index) => count - (before.counts[index] ?? 0)) };
}

export function total({ counts }: Buckets): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The value that a share of all is not above, taken as spread evenly within its bucket. Null of none; `Infinity` where it
 * is beyond the last bound, of which no more is known.
 */
export function quantile(buckets: Buckets, q: number): number | null {
  const all = total(buckets);
  if (all === 0) return null;
  const rank = q * all;
  let below = 0;
  for (const [index, count] of buckets.counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const upper = buckets.bounds[index];
      if (upper === undefined) return Infinity;
      const lower = buckets.bounds[index - 1] ?? 0;
      return lower + (upper - lower) * ((rank - below) / count);
    }
    below += count;
  }
  return Infinity;
}

/** The sum of counts by code. */
export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

/** The least round number (1, 2 or 5 with zeros) that no value is above: the top of a scale. */
export function ceiling(values: readonly (number | null)[], atLeast: number): number {
  const most = Math.max(atLeast, ...values.map((value) => (value === null || value === Infinity ? 0 : value)));
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= most) ?? most;
}

/** The last sample that is not younger than a moment, else the oldest; undefined of none. */
function sampleBefore(samples: readonly Sample[], at: number): Sample | undefined {
  return samples.findLast((sample) => sample.at <= at) ?? samples[0];
}

function perSecond(before: Figures, after: Figures, countOf: (figures: Figures) => number): number | null {
  const seconds = after.up_s - before.up_s;
  return seconds > 0 ? (countOf(after) - countOf(before)) / seconds : null;
}
