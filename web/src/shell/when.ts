/** Milliseconds until the day changes for the reader, when `Yesterday` has to be said anew. */
export function untilMidnight(now: number): number {
  const midnight = new Date(now);
  midnight.setHours(24, 0, 0, 0);
  return midnight.getTime() - now;
}
