import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { delayMs } from '../src/backoff';
import { seeds } from './random';

interface Table {
  readonly rows: readonly { readonly attempt: number; readonly random: number; readonly delay_s: number }[];
}

const table = JSON.parse(readFileSync(new URL('../../../protocol/backoff.json', import.meta.url), 'utf-8')) as Table;

test.each(table.rows)('attempt $attempt at $random waits $delay_s s', ({ attempt, random, delay_s }) => {
  expect(delayMs(attempt, random)).toBeCloseTo(delay_s * 1000, 6);
});

test('no wait is longer than the cap, however many attempts there were', () => {
  for (const attempt of seeds(2_000)) expect(delayMs(attempt, 0.999_999)).toBeLessThan(30_000);
});
