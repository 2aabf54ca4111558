/** Evidence as a browser sees it at a healthy server, for tests to change. */

import { readAddress } from '../../debug/address';
import { nothing, type Answered, type Attempt, type Evidence, type Greeting } from '../../debug/evidence';
import { readToken } from '../../debug/token';

export const NOW_MS = Date.UTC(2026, 0, 31, 12);
const PAGE = { origin: 'https://chat.example.org', protocol: 'https:', hostname: 'chat.example.org', isOnline: true };

export function jwt(claims: object, header: object = { alg: 'EdDSA', kid: 'k1' }): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${Buffer.from('signature').toString('base64url')}`;
}

export const TOKEN = jwt({ iss: 'tenfour', sub: 'u1', iat: NOW_MS / 1000 - 60, exp: NOW_MS / 1000 + 840 });

export const ANSWERED: Answered = {
  is: 'answered',
  tookMs: 12,
  status: 200,
  type: 'application/json',
  head: '{"name":"tenfour"',
  wasRedirected: false,
  server: '',
  version: 'http/1.1',
};

export const GREETING: Greeting = {
  origin: PAGE.origin,
  host: 'chat.example.org',
  secure: true,
  refusal: null,
  serverMs: NOW_MS,
  localMs: NOW_MS,
};

export const OPENED: Attempt = {
  outcome: 'welcome',
  tookMs: 30,
  openMs: 20,
  threw: null,
  subprotocol: 'tenfour.v1',
  close: null,
  first: 'ann, connection c1 at node n1, 1 chat',
  refused: null,
  byPolicy: false,
};

export const REFUSED: Attempt = {
  ...OPENED,
  outcome: 'refused',
  openMs: null,
  subprotocol: '',
  first: '',
  close: { code: 1006, reason: '', hadError: true },
};

/** Closed by the server before anything came. */
export function closed(code: number, reason: string, hadError = false): Attempt {
  return { ...OPENED, outcome: 'closed', first: '', close: { code, reason, hadError } };
}

export function healthy(address = 'wss://chat.example.org', token = TOKEN): Evidence {
  return {
    ...nothing(PAGE, readAddress(address), '', readToken(token), 'subprotocol'),
    http: ANSWERED,
    greeting: GREETING,
    notReady: [],
    attempt: OPENED,
    tripsMs: [4, 5, 9],
    delivery: { tookMs: 12, ackMs: 5, receivedMs: 6, error: null },
  };
}

export const FILE_PAGE = { origin: 'null', protocol: 'file:', hostname: '', isOnline: true };
