import { describe, expect, it } from 'vitest';
import { readAddress } from '../../debug/address';
import { checks } from '../../debug/checks';
import type { Asked, Evidence } from '../../debug/evidence';
import type { CauseId } from '../../debug/generated/causes';
import { doctorCommand, judge } from '../../debug/judge';
import { readToken } from '../../debug/token';
import { ANSWERED, closed, FILE_PAGE, GREETING, healthy, jwt, NOW_MS, OPENED, REFUSED } from './seen';

const FAILED: Asked = { is: 'failed', tookMs: 8 };
const HIDDEN: Asked = { is: 'hidden', tookMs: 8 };
const SILENT: Asked = { is: 'timed_out', tookMs: 5_000 };
const STRANGER = { http: HIDDEN, greeting: null, notReady: null, attempt: REFUSED, tripsMs: null, delivery: null };
const NOBODY = { ...STRANGER, http: FAILED };
const LATER = { tripsMs: null, delivery: null };

const status = (code: number, type = 'text/html'): Partial<Evidence> => ({
  ...STRANGER,
  http: { ...ANSWERED, status: code, type, head: '<html>' },
});
const refused = (code: string, detail: string): Partial<Evidence> => ({
  ...LATER,
  attempt: { ...REFUSED, refused: { status: 400, code, detail } },
});
const ended = (more: object): Partial<Evidence> => ({
  ended: {
    livedMs: 65_000,
    silentMs: 60_000,
    hiddenMs: 0,
    close: { code: 1006, reason: '', hadError: false },
    isServerThere: true,
    ...more,
  },
});
const origin = (page: string, host: string): string =>
  `The page's origin is '${page}' and the request's host '${host}'. To allow it, set allowed_origins = ["${page}"].`;
const refusal = (page: string, host = 'chat.example.org'): Evidence['greeting'] => ({
  ...GREETING,
  host,
  secure: false,
  refusal: { status: 403, code: 'origin_refused', detail: origin(page, host) },
});
const OWN = 'https://chat.example.org';
const token = (claims: object): Partial<Evidence> => ({ token: readToken(jwt(claims)) });
const hour = 3_600;

/** What was seen, what it comes to, and whether it is certain. */
const TABLE: readonly (readonly [string, Partial<Evidence>, CauseId | null, 'certain' | 'likely'])[] = [
  ['a healthy server', {}, null, 'certain'],
  ['an address without a scheme', { address: readAddress('chat.example.org') }, 'url_invalid', 'certain'],
  ['an address of another scheme', { address: readAddress('ftp://chat.example.org') }, 'url_invalid', 'certain'],
  ['an address with a fragment', { address: readAddress('wss://chat.example.org/#a') }, 'url_invalid', 'certain'],
  [
    'a port that browsers refuse',
    { ...NOBODY, address: readAddress('wss://chat.example.org:6000') },
    'blocked_port',
    'certain',
  ],
  [
    'a plain address in a page of https',
    { ...NOBODY, address: readAddress('ws://chat.example.org') },
    'mixed_content',
    'certain',
  ],
  [
    'an error of security',
    { ...LATER, attempt: { ...REFUSED, outcome: 'threw', threw: 'SecurityError' } },
    'mixed_content',
    'certain',
  ],
  ['a policy of the page', { ...LATER, attempt: { ...REFUSED, byPolicy: true } }, 'csp_blocked', 'certain'],
  [
    'a token with a blank in it',
    { ...LATER, token: readToken('a b'), attempt: { ...REFUSED, outcome: 'threw', threw: 'SyntaxError' } },
    'token_bad_chars',
    'certain',
  ],
  [
    'a foreign origin',
    { ...LATER, attempt: null, greeting: refusal('https://app.example.org') },
    'origin_refused',
    'certain',
  ],
  [
    'a page from a file',
    { ...LATER, page: FILE_PAGE, attempt: null, greeting: refusal('null') },
    'origin_refused',
    'certain',
  ],
  [
    'the own page under another host',
    { ...LATER, attempt: null, greeting: refusal(OWN, 'backend:8410') },
    'host_rewritten',
    'certain',
  ],
  ['the own page without its TLS', { ...LATER, attempt: null, greeting: refusal(OWN) }, 'scheme_lost', 'certain'],
  ['nobody who answers', NOBODY, 'tcp_refused', 'likely'],
  ['nobody who answers in time', { ...NOBODY, http: SILENT }, 'tcp_filtered', 'likely'],
  [
    'nobody who answers in time on this machine',
    { ...NOBODY, http: SILENT, page: FILE_PAGE, address: readAddress('ws://127.0.0.1:8410') },
    'open_but_mute',
    'likely',
  ],
  [
    'this machine, from a page elsewhere',
    { ...NOBODY, address: readAddress('wss://localhost:8410') },
    'loopback_elsewhere',
    'certain',
  ],
  [
    'a private address from a public page',
    { ...NOBODY, address: readAddress('wss://192.168.1.5') },
    'local_network',
    'likely',
  ],
  [
    'https where ws was asked',
    {
      ...NOBODY,
      page: FILE_PAGE,
      address: readAddress('ws://chat.example.org:443'),
      otherScheme: { ...HIDDEN, isTenfour: false },
    },
    'plain_to_tls_port',
    'certain',
  ],
  [
    'plain Tenfour where wss was asked',
    { ...NOBODY, otherScheme: { ...HIDDEN, isTenfour: true } },
    'tls_to_plain_port',
    'certain',
  ],
  [
    'something plain where wss was asked',
    { ...NOBODY, otherScheme: { ...HIDDEN, isTenfour: false } },
    'cert_unknown_issuer',
    'likely',
  ],
  ['an answer that is hidden', STRANGER, 'wrong_upstream', 'likely'],
  ['a page with status 200', status(200), 'spa_fallback', 'certain'],
  ['status 404', status(404), 'wrong_upstream', 'certain'],
  ['status 401', status(401), 'http_auth', 'certain'],
  ['status 403', status(403), 'waf_block', 'likely'],
  ['status 502', status(502), 'upstream_down', 'certain'],
  ['status 504', status(504), 'upstream_mute', 'certain'],
  [
    "Tenfour's own 404",
    {
      ...STRANGER,
      http: {
        ...ANSWERED,
        status: 404,
        type: 'application/problem+json',
        head: '{"type":"urn:tenfour:error:not_found"',
      },
    },
    'base_path_lost',
    'certain',
  ],
  ['a redirect', { ...STRANGER, http: { ...ANSWERED, wasRedirected: true } }, 'redirected', 'likely'],
  ['a wrong path', refused('not_found', 'No WebSocket is at /api/v1/ws; the doors are …'), 'path_wrong', 'certain'],
  [
    'a path changed on the way',
    refused('not_found', 'No WebSocket is at /chat/api/v1/ws; the doors are …'),
    'base_path_lost',
    'certain',
  ],
  [
    'no Upgrade',
    refused('upgrade_required', 'Over HTTP/1.1 came connection: close, sec-websocket-key: present. The key …'),
    'upgrade_stripped',
    'certain',
  ],
  [
    'HTTP/1.0',
    refused('upgrade_required', 'Over HTTP/1.0 came upgrade: websocket, connection: Upgrade.'),
    'http10_upstream',
    'certain',
  ],
  [
    'Connection: close',
    refused('upgrade_required', 'Over HTTP/1.1 came upgrade: websocket, connection: close.'),
    'connection_closed',
    'certain',
  ],
  [
    'another version',
    refused('upgrade_required', 'The WebSocket version is 8; this server speaks 13.'),
    'version_refused',
    'certain',
  ],
  ['a node that stops', refused('draining', 'The server is about to stop.'), 'draining', 'certain'],
  ['too many connections', refused('too_many_connections', 'Too many from 192.0.2.1.'), 'too_many', 'certain'],
  [
    'a subprotocol that is not answered',
    { ...LATER, attempt: REFUSED, bare: { ...OPENED, outcome: 'silent' } },
    'subprotocol_dropped',
    'certain',
  ],
  [
    'a stranger without the subprotocol',
    { ...STRANGER, bare: { ...OPENED, outcome: 'silent' } },
    'other_ws_server',
    'certain',
  ],
  ['an upgrade that hangs', { ...LATER, attempt: { ...REFUSED, outcome: 'hanging' } }, 'stuck_sibling', 'likely'],
  [
    'an upgrade over HTTP/2',
    { ...LATER, attempt: REFUSED, bare: REFUSED, door: { ...ANSWERED, status: 426, version: 'h2' } },
    'h2_connect_broken',
    'likely',
  ],
  [
    'an upgrade that never reached the server',
    { ...LATER, attempt: REFUSED, bare: REFUSED, door: HIDDEN },
    'waf_block',
    'likely',
  ],
  [
    'a door with a log-in',
    { ...LATER, attempt: REFUSED, bare: REFUSED, door: { ...ANSWERED, status: 401, type: 'text/html' } },
    'http_auth',
    'certain',
  ],
  [
    'no token',
    { ...LATER, token: readToken(''), attempt: closed(4401, 'token_missing: No token came') },
    'token_missing',
    'certain',
  ],
  [
    'a token that did not arrive',
    { ...LATER, attempt: closed(4401, 'token_missing: No token came'), byFrame: OPENED },
    'token_lost',
    'certain',
  ],
  [
    'half a token',
    { ...LATER, token: readToken('a.b'), attempt: closed(4401, 'token_malformed: The token is not a JWT') },
    'token_malformed',
    'certain',
  ],
  [
    'another key',
    { ...LATER, attempt: closed(4401, 'token_signature: It does not fit') },
    'token_signature',
    'certain',
  ],
  [
    'a log-in that was ended',
    { ...LATER, attempt: closed(4401, 'token_revoked: The session was ended') },
    'token_revoked',
    'certain',
  ],
  [
    'an expired token',
    {
      ...LATER,
      ...token({ exp: NOW_MS / 1000 - hour }),
      attempt: closed(4401, 'token_expired: The token has expired'),
    },
    'token_expired',
    'certain',
  ],
  [
    'a token that only the server takes for expired',
    {
      ...LATER,
      ...token({ exp: NOW_MS / 1000 - hour }),
      greeting: { ...GREETING, localMs: NOW_MS - 2 * hour * 1000 },
      attempt: closed(4401, 'token_expired: The token has expired'),
    },
    'clock_skew',
    'certain',
  ],
  [
    'a token from tomorrow',
    { ...LATER, ...token({ nbf: NOW_MS / 1000 + hour }), attempt: closed(4401, 'token_not_yet_valid: Not yet') },
    'token_not_yet_valid',
    'certain',
  ],
  ['no chat', { ...LATER, attempt: closed(4404, 'chat_unknown: No such chat') }, 'chat_unknown', 'certain'],
  ['no id', { ...LATER, attempt: closed(4404, 'chat_id_invalid: Not a UUID') }, 'chat_id_not_uuid', 'certain'],
  ['a chat of others', { ...LATER, attempt: closed(4403, 'not_a_member: Not a member') }, 'not_member', 'certain'],
  ['a close without a reason', { ...LATER, attempt: closed(4403, '') }, 'not_member', 'likely'],
  ['a cut before the welcome', { ...LATER, attempt: closed(1006, '') }, 'tcp_reset', 'likely'],
  ['a frame that breaks the protocol', { ...LATER, attempt: closed(1006, '', true) }, 'deflate_broken', 'likely'],
  ['no welcome', { ...LATER, attempt: { ...OPENED, outcome: 'silent' } }, 'welcome_late', 'certain'],
  [
    'no welcome of a stranger',
    { ...STRANGER, attempt: { ...OPENED, outcome: 'silent' } },
    'other_ws_server',
    'certain',
  ],
  [
    'another frame of a stranger',
    { ...STRANGER, attempt: { ...OPENED, outcome: 'other_frame' } },
    'other_ws_server',
    'certain',
  ],
  ['a store that is away', { notReady: ['store: locked'] }, 'store_down', 'certain'],
  ['a broker that is away', { notReady: ['broker: away'] }, 'broker_down', 'certain'],
  [
    'an event that does not arrive',
    { delivery: { tookMs: 5_000, ackMs: 4, receivedMs: null, error: null } },
    'not_delivered',
    'likely',
  ],
  [
    'an ack that does not arrive',
    { delivery: { tookMs: 5_000, ackMs: null, receivedMs: 4, error: null } },
    'ack_missing',
    'certain',
  ],
  ['a cut after a silence', ended({}), 'idle_cut', 'likely'],
  ['a cut in the middle', ended({ silentMs: 200 }), 'proxy_reload', 'likely'],
  ['a cut while nobody looks', ended({ hiddenMs: 600_000 }), 'tab_throttled', 'likely'],
  ['a cut after which nobody answers', ended({ isServerThere: false }), 'tcp_refused', 'likely'],
  [
    'a token that was revoked later',
    ended({ close: { code: 4401, reason: 'token_revoked: The session was ended', hadError: false } }),
    'token_revoked',
    'certain',
  ],
  [
    'a newer connection',
    ended({ close: { code: 4409, reason: 'replaced: A newer connection', hadError: false } }),
    'replaced',
    'certain',
  ],
];

describe('what a browser saw leads to one cause', () => {
  it.each(TABLE)('%s', (_name, seen, cause, how) => {
    const found = judge({ ...healthy(), ...seen });

    expect(found?.cause ?? null).toBe(cause);
    expect(found?.isCertain ?? true).toBe(how === 'certain');
  });
});

it('never names a cause among those that look the same', () => {
  const findings = TABLE.map(([, seen]) => judge({ ...healthy(), ...seen })).filter((found) => found !== null);

  expect(findings.filter(({ cause, others }) => others.includes(cause))).toEqual([]);
});

it('names the line to paste where the origin is refused', () => {
  const found = judge({ ...healthy(), ...LATER, attempt: null, greeting: refusal('https://app.example.org') });

  expect(found?.says).toContain('allowed_origins = ["https://app.example.org"]');
});

describe('the checks', () => {
  it('pass one and all at a healthy server', () => {
    expect(checks(healthy()).map(({ verdict }) => verdict)).toEqual(Array.from({ length: 8 }, () => 'ok'));
  });

  it.each(TABLE.filter(([, , cause]) => cause !== null))('of %s have one failure', (_name, seen, _cause) => {
    const failed = checks({ ...healthy(), ...seen }).filter(({ verdict }) => verdict === 'fail');

    expect(failed).toHaveLength(1);
  });
});

it('gives the command of the doctor without a secret', () => {
  const command = doctorCommand(healthy('wss://chat.example.org/api/v1/ws?token=secret'));

  expect(command).toBe(
    'tenfour doctor wss://chat.example.org/api/v1/ws --token-file token.txt --carrier subprotocol --origin https://chat.example.org',
  );
});
