import { describe, expect, test } from 'vitest';
import { ago, dayName, daysBetween, listOf, number, shortWhen } from '../../src/lib/texts/times';

/* What a region decides (3 June or June 3) may be either: the machine that runs the tests has one. */

/** In the zone of whoever runs the tests, as the functions work. */
function at(year: number, month: number, day: number, hour = 12, minute = 0): number {
  return new Date(year, month - 1, day, hour, minute).getTime();
}

const NOW = at(2026, 6, 10, 14, 5);

describe('days', () => {
  test('are counted by midnights, not by hours', () => {
    expect(daysBetween(at(2026, 6, 9, 23, 59), at(2026, 6, 10, 0, 1))).toBe(1);
    expect(daysBetween(at(2026, 6, 10, 0, 1), at(2026, 6, 10, 23, 59))).toBe(0);
  });

  test('count as one when a clock is put forward in between', () => {
    expect(daysBetween(at(2026, 3, 28), at(2026, 3, 30))).toBe(2);
    expect(daysBetween(at(2026, 10, 24), at(2026, 10, 26))).toBe(2);
  });

  test('are named: today, yesterday, the weekday with its date, the year only where it is another', () => {
    expect(dayName(at(2026, 6, 10, 0, 0), NOW)).toBe('Today');
    expect(dayName(at(2026, 6, 9, 23, 59), NOW)).toBe('Yesterday');
    expect(dayName(at(2026, 6, 3), NOW)).toMatch(/^Wednesday,? (3 June|June 3)$/);
    expect(dayName(at(2025, 12, 31), NOW)).toMatch(/^Wednesday,? (31 December|December 31,) 2025$/);
  });
});

describe('the time of a last message', () => {
  test('is the clock today, then yesterday, the weekday, and the date after a week', () => {
    expect(shortWhen(at(2026, 6, 10, 9, 7), NOW)).toMatch(/^0?9:07/);
    expect(shortWhen(at(2026, 6, 9, 9, 7), NOW)).toBe('Yesterday');
    expect(shortWhen(at(2026, 6, 4), NOW)).toBe('Thursday');
    expect(shortWhen(at(2026, 6, 3), NOW)).toMatch(/^(06\/03|03\/06)\/26$/);
  });

  test('is the clock also where the server is ahead of this machine', () => {
    expect(shortWhen(NOW + 90_000, NOW)).toMatch(/:06/);
  });
});

describe('ago', () => {
  test.each([
    [5_000, 'now'],
    [60_000, '1 minute ago'],
    [59 * 60_000, '59 minutes ago'],
    [3 * 3_600_000, '3 hours ago'],
    [26 * 3_600_000, 'yesterday'],
    [12 * 86_400_000, '12 days ago'],
    [-60_000, 'now'],
  ])('says of %i ms: %s', (past, words) => {
    expect(ago(NOW - past, NOW)).toBe(words);
  });

  test('becomes the date after a month', () => {
    expect(ago(at(2026, 1, 2), NOW)).toMatch(/^(2 January|January 2,) 2026$/);
  });
});

test('numbers and lists are written as the language does', () => {
  expect(number(12345)).toBe('12,345');
  expect(listOf(['Ada', 'Bert', 'Cleo'])).toMatch(/^Ada, Bert,? and Cleo$/);
});
