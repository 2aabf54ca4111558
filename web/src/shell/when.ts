const DAY_MS = 86_400_000;

/** The time of a chat's last message, as short as it stays clear: `14:05`, `Yesterday`, `Monday`, `3 Jun`, `3 Jun 2024`. */
export function shortTime(at: number, now: number, language: string): string {
  const days = daysBetween(at, now);
  if (days <= 0) return format(at, language, { hour: '2-digit', minute: '2-digit' });
  if (days === 1) return yesterday(language);
  if (days < 7) return format(at, language, { weekday: 'short' });
  const thisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(
    at,
    language,
    thisYear ? { day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', year: 'numeric' },
  );
}

/** The whole date and time, for a tooltip. */
export function longTime(at: number, language: string): string {
  return format(at, language, { dateStyle: 'full', timeStyle: 'short' });
}

/** Milliseconds until the day changes for the reader, when `Yesterday` has to be said anew. */
export function untilMidnight(now: number): number {
  const midnight = new Date(now);
  midnight.setHours(24, 0, 0, 0);
  return midnight.getTime() - now;
}

function daysBetween(at: number, now: number): number {
  // Rounded: a day with a change to summer time has 23 hours.
  return Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS);
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function yesterday(language: string): string {
  const word = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-1, 'day');
  return word.charAt(0).toLocaleUpperCase(language) + word.slice(1);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: number, language: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${language} ${JSON.stringify(options)}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, known);
  return known.format(at);
}
