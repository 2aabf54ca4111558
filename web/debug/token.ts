/** The token, read without its key: what it claims, and which part of it is broken. Nothing of it leaves the page. */

import { lasting, moment } from './words';

export type Json = Readonly<Record<string, unknown>>;

export interface Token {
  readonly isGiven: boolean;
  /** Which part is no JWT, and how. */
  readonly fault: string | null;
  readonly header: Json;
  readonly claims: Json;
  readonly notBeforeMs: number | null;
  readonly expiresMs: number | null;
  /** The characters in it that cannot stand in a subprotocol. */
  readonly badChars: string;
}

export interface Claim {
  readonly name: string;
  readonly value: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly says: string;
}

const NONE: Json = {};
const PARTS = 3;
const LEEWAY_MS = 30_000;
const LONG_MS = 24 * 3_600_000;

export function readToken(token: string): Token {
  const badChars = [...new Set([...token].filter((each) => !/[A-Za-z0-9!#$%&'*+\-.^_`|~]/.test(each)))].join('');
  const seen = { isGiven: token !== '', fault: null, header: NONE, claims: NONE, notBeforeMs: null, expiresMs: null };
  if (token === '') return { ...seen, badChars };
  const parts = token.split('.');
  const [head = '', body = '', signature = ''] = parts;
  if (parts.length !== PARTS) {
    const many = parts.length === 1 ? 'has no dot in it' : `has ${parts.length} parts between dots`;
    return { ...seen, badChars, fault: `It ${many}, and a JWT has three parts` };
  }
  const [header, claims] = [decoded(head), decoded(body)];
  const fault =
    faultOf(header, 'header') ??
    faultOf(claims, 'payload') ??
    (signature === ''
      ? 'Its signature is missing'
      : bytesOf(signature) === null
        ? 'Its signature is not base64url'
        : null);
  const known = claims.is === 'object' ? claims.value : NONE;
  return {
    ...seen,
    badChars,
    fault,
    header: header.is === 'object' ? header.value : NONE,
    claims: known,
    notBeforeMs: momentOf(known['nbf']),
    expiresMs: momentOf(known['exp']),
  };
}

/** Whether a text is a token: what a page may have kept somewhere. */
export function isToken(text: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(text) && readToken(text).fault === null;
}

type Decoded = { readonly is: 'object'; readonly value: Json } | { readonly is: 'not_base64url' | 'not_json' };

function decoded(part: string): Decoded {
  const bytes = bytesOf(part);
  if (bytes === null) return { is: 'not_base64url' };
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(value) ? { is: 'object', value } : { is: 'not_json' };
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError) return { is: 'not_json' };
    throw cause;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function faultOf(part: Decoded, name: string): string | null {
  if (part.is === 'object') return null;
  return part.is === 'not_json' ? `Its ${name} is not a JSON object` : `Its ${name} is not base64url`;
}

function bytesOf(part: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]+=*$/.test(part)) return null;
  const text = part.replace(/=+$/, '').replace(/-/g, '+').replace(/_/g, '/');
  if (text.length % 4 === 1) return null;
  return Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
}

function momentOf(value: unknown): number | null {
  return typeof value === 'number' && Math.abs(value) < 1e15 ? Math.round(value * 1000) : null;
}

/** Each claim with what is to be said of it, at this moment of the server's clock. */
export function judgeClaims(token: Token, nowMs: number): readonly Claim[] {
  const { header, claims } = token;
  return [
    algorithm(header['alg']),
    ...(header['kid'] === undefined ? [] : [plain('kid', header['kid'], 'The key that it is signed with')]),
    claims['iss'] === undefined
      ? claim('iss', 'missing', 'warn', 'Nobody says that they made it; the server decides by its key')
      : plain('iss', claims['iss'], 'Who made it'),
    ...(claims['aud'] === undefined ? [] : [plain('aud', claims['aud'], 'The service that it is meant for')]),
    claims['sub'] === undefined
      ? claim('sub', 'missing', 'warn', 'Nobody is named; fine only where another claim names the user')
      : plain('sub', claims['sub'], 'The user'),
    ...issued(claims['iat'], nowMs),
    ...notBefore(claims['nbf'], nowMs),
    expiry(claims, nowMs),
    ...Object.entries(claims)
      .filter(([name]) => !['iss', 'aud', 'sub', 'iat', 'nbf', 'exp'].includes(name))
      .map(([name, value]) => plain(name, value, '')),
  ];
}

function claim(name: string, value: string, verdict: Claim['verdict'], says: string): Claim {
  return { name, value, verdict, says };
}

function plain(name: string, value: unknown, says: string): Claim {
  return claim(name, typeof value === 'string' ? value : JSON.stringify(value), 'ok', says);
}

function algorithm(value: unknown): Claim {
  if (typeof value !== 'string') return claim('alg', 'missing', 'fail', 'It does not say how it is signed');
  if (value.toLowerCase() === 'none') return claim('alg', value, 'fail', 'It is not signed at all');
  return claim('alg', value, 'ok', 'How it is signed');
}

function issued(value: unknown, nowMs: number): readonly Claim[] {
  const at = momentOf(value);
  if (value === undefined) return [];
  if (at === null) return [claim('iat', String(value), 'warn', 'Not a number of seconds')];
  const isAhead = at > nowMs + LEEWAY_MS;
  const says = isAhead ? `Made ${lasting(at - nowMs)} from now: a clock is wrong` : `Made ${lasting(nowMs - at)} ago`;
  return [claim('iat', moment(at), isAhead ? 'warn' : 'ok', says)];
}

function notBefore(value: unknown, nowMs: number): readonly Claim[] {
  const at = momentOf(value);
  if (value === undefined) return [];
  if (at === null) return [claim('nbf', String(value), 'fail', 'Not a number of seconds')];
  if (at > nowMs) return [claim('nbf', moment(at), 'fail', `Not valid for another ${lasting(at - nowMs)}`)];
  return [claim('nbf', moment(at), 'ok', 'Valid since then')];
}

function expiry({ exp, iat }: Json, nowMs: number): Claim {
  const at = momentOf(exp);
  if (exp === undefined) return claim('exp', 'missing', 'fail', 'A token without an end is refused');
  if (at === null) return claim('exp', String(exp), 'fail', 'Not a number of seconds');
  if (at <= nowMs) return claim('exp', moment(at), 'fail', `Expired ${lasting(nowMs - at)} ago`);
  const life = at - (momentOf(iat) ?? nowMs);
  if (life > LONG_MS) {
    return claim(
      'exp',
      moment(at),
      'warn',
      `Good for ${lasting(at - nowMs)} more; whoever finds it can use it for so long`,
    );
  }
  return claim('exp', moment(at), 'ok', `Good for ${lasting(at - nowMs)} more`);
}
