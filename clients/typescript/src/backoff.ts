/** When to come back: at once the first time, then exponential back-off with full jitter. */

export const BASE_MS = 500;
export const CAP_MS = 30_000;

/**
 * Milliseconds before the attempt (0 is the first after a connection was lost); `random` is in [0, 1).
 *
 * The jitter is drawn after the cap: a cap applied later would eat it, and every client of a restarted server would
 * come back in the same second.
 */
export function delayMs(attempt: number, random: number): number {
  return attempt <= 0 ? 0 : random * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 16));
}
