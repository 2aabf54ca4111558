/** Durations and moments, as the doctor says them. */

const steps: readonly (readonly [least: number, unit: number, name: string])[] = [
  [86_400 * 2, 86_400, 'days'],
  [3_600 * 2, 3_600, 'hours'],
  [120, 60, 'minutes'],
];

/** "40 s", "5 minutes", "3 days". */
export function lasting(ms: number): string {
  const seconds = Math.abs(ms) / 1000;
  for (const [least, unit, name] of steps) if (seconds >= least) return `${Math.round(seconds / unit)} ${name}`;
  return seconds >= 10 || Number.isInteger(seconds) ? `${Math.round(seconds)} s` : `${seconds.toFixed(1)} s`;
}

/** "2026-03-01 12:00 UTC". */
export function moment(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? 'a date beyond all calendars'
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A few milliseconds, or seconds. */
export function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : lasting(ms);
}

/** A list in words: "a", "a or b", "a, b or c". */
export function either(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} or ${items.at(-1) ?? ''}`;
}
