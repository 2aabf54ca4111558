/** Amounts in the reader's language, each with its unit. */

import { currentTag } from '../../lib/texts/index.svelte';

const DAY_S = 86_400;
const HOUR_S = 3_600;
const MINUTE_S = 60;

/** 14:05:09 */
export function exactTime(at: number): string {
  return new Intl.DateTimeFormat(currentTag(), { timeStyle: 'medium' }).format(at);
}

/** 3 June 2026 at 14:05:09 */
export function exactDate(at: number): string {
  return new Intl.DateTimeFormat(currentTag(), { dateStyle: 'long', timeStyle: 'medium' }).format(at);
}

/** 1,204 · 12.4 · 0.25: three digits that matter. */
export function amount(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return new Intl.NumberFormat(currentTag(), { maximumFractionDigits: digits }).format(value);
}

/** 0.5, 512, 1K: where there is little room. */
export function short(value: number): string {
  return new Intl.NumberFormat(currentTag(), { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** 0.8 ms, 12 ms, 1.4 s; beyond what was measured, "> 512 ms". */
export function milliseconds(ms: number, lastBoundMs = 0): string {
  if (ms === Infinity) return `> ${unit(lastBoundMs, 'millisecond')}`;
  if (ms >= 1_000) return unit(ms / 1_000, 'second', 1);
  return unit(ms, 'millisecond', ms < 10 ? 1 : 0);
}

/** The two largest units: 3d 4h, 12m 5s, 8s. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [
    [Math.floor(whole / DAY_S), 'day'],
    [Math.floor((whole % DAY_S) / HOUR_S), 'hour'],
    [Math.floor((whole % HOUR_S) / MINUTE_S), 'minute'],
    [whole % MINUTE_S, 'second'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return unit(0, 'second');
  const shown = parts.slice(first, first + 2).filter(([count], index) => index === 0 || count > 0);
  return shown.map(([count, name]) => unit(count, name)).join(' ');
}

/** 0 B, 12 kB, 1.4 MB */
export function bytes(count: number): string {
  const names = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const power = count < 1 ? 0 : Math.min(names.length, Math.floor(Math.log10(count) / 3));
  const name = names[power - 1];
  // Intl writes "0 byte" where every other unit has its symbol.
  if (name === undefined) return `${amount(count)}\u00a0B`;
  const value = count / 1_000 ** power;
  return unit(value, name, value < 10 ? 1 : 0);
}

/** 12 % */
export function share(part: number): string {
  return new Intl.NumberFormat(currentTag(), { style: 'percent', maximumFractionDigits: part < 0.1 ? 1 : 0 }).format(
    part,
  );
}

function unit(value: number, name: string, digits = 0): string {
  const display = name.endsWith('byte') || name === 'millisecond' ? 'short' : 'narrow';
  return new Intl.NumberFormat(currentTag(), {
    style: 'unit',
    unit: name,
    unitDisplay: display,
    maximumFractionDigits: digits,
  }).format(value);
}
