/** How connections ended that nobody said goodbye to: the same age again and again is a proxy's time limit. */

const SAME_TIMES = 3;
const SAME_WITHIN_MS = 2_000;
const IDLE_SHARE = 0.9;

/** A connection that ended without a reason: how long it had lived and how long nothing had come by it. */
export interface Cut {
  readonly code: number;
  readonly ageMs: number;
  readonly silentMs: number;
}

/** What a proxy on the way seems to allow: an `age` that no connection outlives, or a `silence`. */
export interface TimeLimit {
  readonly of: 'age' | 'silence';
  readonly ms: number;
}

/** The limit that the last three cuts agree in; null where they do not. */
export function timeLimit(cuts: readonly Cut[]): TimeLimit | null {
  const last = cuts.slice(-SAME_TIMES);
  if (last.length < SAME_TIMES) return null;
  const ages = last.map((cut) => cut.ageMs);
  const silences = last.map((cut) => cut.silentMs);
  const wasIdle = last.every((cut) => cut.silentMs >= IDLE_SHARE * cut.ageMs);
  if (areSame(ages) && !wasIdle) return { of: 'age', ms: Math.min(...ages) };
  return areSame(silences) ? { of: 'silence', ms: Math.min(...silences) } : null;
}

/** Whether they lie within two seconds and are long enough for that to mean something. */
function areSame(values: readonly number[]): boolean {
  const least = Math.min(...values);
  return least > 2 * SAME_WITHIN_MS && Math.max(...values) - least <= SAME_WITHIN_MS;
}
