import { describe, expect, test } from 'vitest';
import { TenfourError, errorOf, failureOf } from '../src/errors';
import { RETRY_BY_CLOSE_CODE } from '../src/generated/closing';
import { FAILURES, type ErrorCode, type Retry } from '../src/generated/errors';
import { closeReasons } from './transcripts';

const CODES = Object.keys(FAILURES) as ErrorCode[];

describe('an error', () => {
  test('has what the catalogue says, and the detail of the case', () => {
    const error = new TenfourError('busy', { detail: '10,000 wait.', retryAfterMs: 500 });

    expect(error).toMatchObject({ code: 'busy', retry: 'after_delay', detail: '10,000 wait.', retryAfterMs: 500 });
    expect(error.advice).toBe(FAILURES.busy.advice);
    expect(error.message).toBe('busy: 10,000 wait.');
  });

  test('without a detail says the title', () => {
    expect(new TenfourError('chat_id_invalid').detail).toBe('The chat id is not a UUID.');
  });

  test('of a code that this version does not know is internal, and named in the detail', () => {
    expect(errorOf('moon_phase', { detail: 'Full.' })).toMatchObject({ code: 'internal', detail: 'moon_phase: Full.' });
  });
});

test('names of every object are no codes', () => {
  expect(['constructor', 'toString', ''].map(failureOf)).toEqual([null, null, null]);
});

test('every code that ends a connection in a transcript has its title and advice here', () => {
  const failures = closeReasons()
    .map(failureOf)
    .filter((failure) => failure !== null);

  expect(failures.length).toBeGreaterThan(15);
  for (const failure of failures) expect([typeof failure.title, typeof failure.advice]).toEqual(['string', 'string']);
});

test.each([...RETRY_BY_CLOSE_CODE])(
  'close code %d alone means %s, as the most of its rows, or a new token if one does',
  (code, retry) => {
    const retries = CODES.filter((each) => FAILURES[each].close === code).map((each) => FAILURES[each].retry);
    const times = (each: Retry): number => retries.filter((other) => other === each).length;

    expect(retries).toContain(retry);
    if (retry !== 'with_new_token')
      for (const each of retries) expect(times(retry)).toBeGreaterThanOrEqual(times(each));
  },
);
