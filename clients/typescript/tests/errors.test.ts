import { describe, expect, test } from 'vitest';
import { TenfourError, errorOf, failureOf } from '../src/errors';
import { FAILURES } from '../src/generated/errors';

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

test('what the SDK says by itself has its texts here', () => {
  const raised = [
    'busy',
    'chat_id_invalid',
    'key_reused',
    'not_subscribed',
    'removed_from_chat',
    'text_too_long',
  ] as const;

  for (const code of raised) {
    expect(new TenfourError(code).detail).toBe(`${FAILURES[code].title}.`);
    expect(new TenfourError(code).advice).toMatch(/\.$/);
  }
});
