import { currentTag, t } from './index.svelte';

/*
 * Times, days and numbers in the reader's language and time zone. All take milliseconds since 1970 and read no clock:
 * `now` comes from the caller, who knows when it changes.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 14:05 */
export function clockTime(at: number): string {
  return formatter('time', { hour: 'numeric', minute: '2-digit' }).format(at);
}

/** 3 June 2026, 14:05 */
export function dateAndTime(at: number): string {
  return formatter('full', { dateStyle: 'long', timeStyle: 'short' }).format(at);
}

/** Of a day in a conversation: Today, Yesterday, Monday 3 June, with the year if it is another. */
export function dayName(at: number, now: number): string {
  const ago = daysBetween(at, now);
  if (ago === 0) return t().time.today;
  if (ago === 1) return t().time.yesterday;
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  if (isThisYear) return formatter('day', { weekday: 'long', day: 'numeric', month: 'long' }).format(at);
  return formatter('dayOfYear', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(at);
}

/** Of the last message of a chat: 14:05 today, Yesterday, the weekday within the last seven days, then the date. */
export function shortWhen(at: number, now: number): string {
  const ago = daysBetween(at, now);
  if (ago <= 0) return clockTime(at);
  if (ago === 1) return t().time.yesterday;
  if (ago < 7) return formatter('weekday', { weekday: 'long' }).format(at);
  return formatter('date', { day: '2-digit', month: '2-digit', year: '2-digit' }).format(at);
}

/** now, 5 minutes ago, 3 hours ago, yesterday, 12 days ago, then the date. */
export function ago(at: number, now: number): string {
  const past = Math.max(0, now - at);
  const relative = new Intl.RelativeTimeFormat(currentTag(), { numeric: 'auto' });
  if (past < MINUTE) return relative.format(0, 'second');
  if (past < HOUR) return relative.format(-Math.floor(past / MINUTE), 'minute');
  if (past < DAY) return relative.format(-Math.floor(past / HOUR), 'hour');
  if (past < 30 * DAY) return relative.format(-Math.max(1, daysBetween(at, now)), 'day');
  return formatter('longDate', { dateStyle: 'long' }).format(at);
}

/** 1,234 */
export function number(value: number): string {
  return new Intl.NumberFormat(currentTag()).format(value);
}

/** Ada, Bert and Cleo */
export function listOf(names: readonly string[]): string {
  return new Intl.ListFormat(currentTag(), { type: 'conjunction' }).format(names);
}

/** How many midnights of the reader's time zone lie between two moments. */
export function daysBetween(at: number, now: number): number {
  return Math.round((midnightBefore(now) - midnightBefore(at)) / DAY);
}

function midnightBefore(at: number): number {
  const day = new Date(at);
  // As UTC, so that a day of 23 or 25 hours counts as one.
  return Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one costs 50 µs, a list of messages needs hundreds: they are kept by language and shape. */
function formatter(shape: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const tag = currentTag();
  const name = `${tag} ${shape}`;
  const found = formatters.get(name);
  if (found !== undefined) return found;
  const made = new Intl.DateTimeFormat(tag, options);
  formatters.set(name, made);
  return made;
}
