import { expect, test } from 'vitest';
import { timeLimit, type Cut } from '../src/cuts';

function cuts(...facts: readonly (readonly [ageS: number, silentS: number])[]): Cut[] {
  return facts.map(([ageS, silentS]) => ({ code: 1006, ageMs: ageS * 1000, silentMs: silentS * 1000 }));
}

test('the same age three times is a limit on age', () => {
  expect(timeLimit(cuts([60.2, 3], [60, 14], [61, 20]))).toEqual({ of: 'age', ms: 60_000 });
});

test('the same silence at different ages is a limit on silence', () => {
  expect(timeLimit(cuts([312, 20.5], [95, 20], [1_200, 20.5]))).toEqual({ of: 'silence', ms: 20_000 });
});

test('connections that were idle all their life show a limit on silence', () => {
  expect(timeLimit(cuts([10, 9.5], [10.1, 10], [10, 9.5]))).toEqual({ of: 'silence', ms: 9_500 });
});

test.each([
  ['none', cuts()],
  ['two', cuts([60, 3], [60, 3])],
  ['different ones', cuts([60, 1], [75, 9], [60, 20])],
  ['ones too short to mean anything', cuts([0.2, 0.1], [0.3, 0.1], [0.1, 0.1])],
])('%s name no limit', (_, found) => {
  expect(timeLimit(found)).toBeNull();
});

test('only the last three count', () => {
  expect(timeLimit(cuts([5_000, 4], [60, 1], [60, 8], [60, 20]))).toEqual({ of: 'age', ms: 60_000 });
});
