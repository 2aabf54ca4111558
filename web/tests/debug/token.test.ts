import { describe, expect, it } from 'vitest';
import { isToken, judgeClaims, readToken } from '../../debug/token';
import { jwt, NOW_MS, TOKEN } from './seen';

const SECONDS = NOW_MS / 1000;

describe('a text that is no token', () => {
  it.each([
    ['hello', 'no dot'],
    ['a.b', '2 parts'],
    ['a.b.c.d', '4 parts'],
    ['!.eyJhIjoxfQ.c2ln', 'header is not base64url'],
    ['eyJhIjoxfQ.bm90IGpzb24.c2ln', 'payload is not a JSON object'],
    ['eyJhIjoxfQ.W10.c2ln', 'payload is not a JSON object'],
    ['eyJhIjoxfQ.eyJhIjoxfQ.', 'signature is missing'],
  ])('%s is told by its part', (text, fault) => {
    expect(readToken(text).fault).toContain(fault);
  });
});

it('names the characters that cannot stand in a subprotocol', () => {
  expect(readToken(`"${TOKEN}="`).badChars).toBe('"=');
});

describe('each claim is judged', () => {
  it.each([
    [{ exp: SECONDS + 600 }, 'exp', 'ok', '10 minutes more'],
    [{ exp: SECONDS - 7_200 }, 'exp', 'fail', 'Expired 2 hours ago'],
    [{ exp: 'soon' }, 'exp', 'fail', 'Not a number'],
    [{}, 'exp', 'fail', 'without an end'],
    [{ exp: SECONDS + 86_400 * 30 }, 'exp', 'warn', 'whoever finds it'],
    [{ nbf: SECONDS + 600 }, 'nbf', 'fail', 'another 10 minutes'],
    [{ iat: SECONDS + 600 }, 'iat', 'warn', 'a clock is wrong'],
    [{ iat: SECONDS - 60 }, 'iat', 'ok', 'Made 60 s ago'],
    [{}, 'sub', 'warn', 'Nobody is named'],
    [{ aud: ['a', 'b'] }, 'aud', 'ok', 'meant for'],
  ])('%j: %s is %s', (claims, name, verdict, says) => {
    const found = judgeClaims(readToken(jwt(claims)), NOW_MS).find((claim) => claim.name === name);

    expect(found).toMatchObject({ verdict });
    expect(found?.says).toContain(says);
  });

  it('a token that is not signed is bad', () => {
    const [algorithm] = judgeClaims(readToken(jwt({}, { alg: 'none' })), NOW_MS);

    expect(algorithm).toMatchObject({ name: 'alg', verdict: 'fail' });
  });
});

it('knows a token from another text with dots', () => {
  expect([TOKEN, 'eyJh.b.c', 'www.example.org', ''].map(isToken)).toEqual([true, false, false, false]);
});
