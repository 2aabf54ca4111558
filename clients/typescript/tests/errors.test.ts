import { describe, expect, test } from 'vitest';
import { TenfourError, errorOf, failureOf } from '../src/errors';
import { FAILURES, type Failure } from '../src/generated/errors';
import { closeReasons } from './transcripts';

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

test('every code that ends a connection for good in a transcript has advice here, unless the SDK would be to blame', () => {
  const toBlame = ['binary_frame', 'frame_too_large', 'invalid_utf8', 'too_many_bad_frames'];
  const ends = closeReasons().filter((code) => !toBlame.includes(code) && isFinal(failureOf(code)));

  expect(ends.length).toBeGreaterThan(8);
  expect(ends.filter((code) => failureOf(code)?.advice === undefined)).toEqual([]);
});

function isFinal(failure: Failure | null): boolean {
  return failure?.retry === 'never' || failure?.retry === 'with_new_token';
}
