/**
 * From what a browser saw to the one root cause. Pure.
 *
 * The judges stand in the order of the way, and the first that finds something has the cause: what comes after it failed
 * because of it. A browser hides much, so that several causes may look alike: then the likeliest is named, with the others.
 */

import { authority, doorOf, isLoopback, isNumeric, isPrivate, type Address } from './address';
import type { Answered, Asked, Attempt, Close, Evidence, Refused } from './evidence';
import { BAD_PORTS, CAUSE_OF, CAUSE_OF_CLOSE, CAUSES, type CauseId } from './generated/causes';
import { either, lasting, milliseconds, moment } from './words';

export interface Finding {
  readonly cause: CauseId;
  /** The cause's sentence, with what is particular about it here. */
  readonly says: string;
  readonly isCertain: boolean;
  /** What looks the same in a browser, where that can be told. */
  readonly others: readonly CauseId[];
}

/** From here on a difference of clocks breaks tokens: it is the leeway that servers give. */
const SKEW_MS = 30_000;
/** A shorter silence is no reason to cut a line. */
const SILENCE_MS = 5_000;
/** From here on browsers let the timers of a hidden page run once a minute. */
const THROTTLED_MS = 5 * 60_000;
const ABNORMAL = 1006;
const CERTIFICATES: readonly CauseId[] = ['cert_unknown_issuer', 'cert_expired', 'cert_wrong_host', 'tls_version'];

const certain = (cause: CauseId, says: string): Finding => ({ cause, says, isCertain: true, others: [] });

/** The cause's own sentence, then the particulars. */
const plain = (cause: CauseId, ...more: string[]): Finding =>
  certain(cause, [CAUSES[cause].sentence, ...more].join(' '));

const likely = (cause: CauseId, others: readonly CauseId[], ...more: string[]): Finding => ({
  ...plain(cause, ...more),
  isCertain: false,
  others,
});

/** The one root cause; null where nothing is wrong as far as a browser can see. */
export function judge(evidence: Evidence): Finding | null {
  for (const [, step] of JUDGES) {
    const found = step(evidence);
    if (found !== null) return found;
  }
  return null;
}

/** The step of the way at which it fails. */
export type Step = 'address' | 'page' | 'http' | 'upgrade' | 'token' | 'welcome' | 'delivery' | 'end';

export function failedStep(evidence: Evidence): Step | null {
  return JUDGES.find(([, step]) => step(evidence) !== null)?.[0] ?? null;
}

const JUDGES: readonly (readonly [Step, (evidence: Evidence) => Finding | null])[] = [
  ['address', judgeAddress],
  ['page', judgePage],
  ['page', judgeOrigin],
  ['http', judgeHttp],
  ['token', judgeTokenSent],
  ['upgrade', judgeUpgrade],
  ['token', judgeTokenTaken],
  ['welcome', judgeWelcome],
  ['delivery', judgeDelivery],
  ['end', judgeEnd],
  ['welcome', judgeReadiness],
];

// The address, and what the page itself may do

function judgeAddress({ address, attempt }: Evidence): Finding | null {
  if (address.fault !== null) {
    return certain('url_invalid', `“${address.given}” is not the address of a WebSocket: ${address.fault}.`);
  }
  if (BAD_PORTS.has(address.port) && attempt?.outcome !== 'welcome') {
    return plain('blocked_port', `It is ${address.port}.`);
  }
  return null;
}

function judgePage(evidence: Evidence): Finding | null {
  const { page, address, attempt, token } = evidence;
  if (attempt?.byPolicy === true) return plain('csp_blocked', `The page is ${page.origin}.`);
  if (attempt?.threw === 'SecurityError' || isMixed(evidence)) {
    return plain('mixed_content', `The page is ${page.origin}, the address begins with ws://.`);
  }
  if (attempt?.threw === 'SyntaxError') {
    return token.badChars !== ''
      ? plain('token_bad_chars', `It has ${either([...token.badChars].map((each) => `“${each}”`))} in it.`)
      : plain('url_invalid', `The browser does not take ${address.given}.`);
  }
  return null;
}

/** Whether the page came over https and the address is a plain one elsewhere, which browsers refuse. */
export function isMixed({ page, address }: Pick<Evidence, 'page' | 'address'>): boolean {
  return page.protocol === 'https:' && address.scheme === 'ws' && !isLoopback(address.host);
}

function judgeOrigin(evidence: Evidence): Finding | null {
  const { greeting, attempt } = evidence;
  const refused = attempt?.refused?.code === 'origin_refused' ? attempt.refused : (greeting?.refusal ?? null);
  return refused === null || attempt?.outcome === 'welcome' ? null : byOrigin(evidence, refused);
}

/** A page of the same site is refused because of what a proxy does; any other because of the rule. */
function byOrigin({ page, address, greeting }: Evidence, { detail }: Refused): Finding {
  const found = /origin is '(?<origin>[^']*)' and the request's host '(?<host>[^']*)'/.exec(detail)?.groups;
  const origin = found?.['origin'] ?? page.origin;
  const host = (found?.['host'] ?? greeting?.host ?? '').toLowerCase();
  const [scheme = '', site = ''] = origin.split('://');
  const paste = /allowed_origins = .*$/.exec(detail)?.[0].replace(/\.$/, '') ?? `allowed_origins = ["${origin}"]`;
  if (site.toLowerCase() !== authority(address)) {
    const from = origin === 'null' ? 'a page from a file, whose origin is null' : origin;
    return certain('origin_refused', `The server does not let pages of ${from} connect. Its settings need: ${paste}`);
  }
  if (host !== authority(address)) {
    return certain(
      'host_rewritten',
      `${authority(address)} was asked, and the server saw the host ${host}: a proxy changes it, so that the server takes its own page for a stranger's.`,
    );
  }
  if (scheme === 'https' && greeting?.secure === false) {
    return plain('scheme_lost', `The page is ${origin}, and at the server it came without TLS.`);
  }
  return certain(
    'origin_refused',
    `The server does not let pages of ${origin} connect, although they are its own: its settings name others only. They need: ${paste}`,
  );
}

// HTTP

function judgeHttp(evidence: Evidence): Finding | null {
  const { http, greeting, attempt, page, address, otherScheme } = evidence;
  if (http === null || greeting !== null || isOpened(attempt) || isOpened(evidence.bare)) return null;
  if (otherScheme?.isTenfour === true) return byScheme(address, true);
  if (http.is === 'answered' || http.is === 'hidden') return byStranger(address, http);
  if ((attempt?.refused ?? null) !== null) return null;
  if (isLoopback(address.host) && page.protocol !== 'file:' && !isLoopback(page.hostname)) {
    return plain('loopback_elsewhere', `The page is at ${page.hostname}, the address says ${address.host}.`);
  }
  if (otherScheme?.is === 'answered' || otherScheme?.is === 'hidden') return byScheme(address, otherScheme.isTenfour);
  if (page.protocol === 'https:' && isPrivate(address.host) && !isPrivate(page.hostname)) {
    return likely('local_network', ['tcp_filtered', 'tcp_refused'], `The page is public, ${address.host} is not.`);
  }
  return http.is === 'timed_out' ? byTimeout(address, http.tookMs) : byFailure(evidence, http.tookMs);
}

const isOpened = (attempt: Attempt | null): boolean => attempt !== null && attempt.openMs !== null;

function byScheme({ scheme, host, port }: Address, isTenfour: boolean): Finding {
  const at = `${host}, port ${port}`;
  if (scheme === 'ws') return plain('plain_to_tls_port', `At ${at} something answers to https.`);
  if (isTenfour) return plain('tls_to_plain_port', `At ${at} Tenfour answers to plain http.`);
  return likely(
    'cert_unknown_issuer',
    [...CERTIFICATES.slice(1), 'tls_to_plain_port'],
    `At ${at} something answers to plain http, and nothing that this browser trusts to https.`,
  );
}

function byTimeout(address: Address, tookMs: number): Finding {
  const waited = `Neither a request nor the WebSocket was answered within ${lasting(tookMs)}.`;
  // Nothing is filtered on the way to oneself.
  if (isLoopback(address.host)) return likely('open_but_mute', ['fd_limit'], waited);
  const others: CauseId[] = isNumeric(address.host) ? ['open_but_mute'] : ['open_but_mute', 'dns_no_answer'];
  return likely('tcp_filtered', others, waited);
}

function byFailure({ page, address }: Evidence, tookMs: number): Finding {
  const offline = page.isOnline || isLoopback(address.host) ? [] : ['This browser says that it is offline.'];
  const others: CauseId[] = [
    ...(isNumeric(address.host) || isLoopback(address.host) ? [] : (['dns_no_name'] as const)),
    ...(address.scheme === 'wss' ? CERTIFICATES : []),
    'tcp_reset',
    'extension_blocked',
  ];
  return likely(
    'tcp_refused',
    others,
    `A request to ${authority(address)} failed after ${milliseconds(tookMs)}.`,
    ...offline,
  );
}

/** Something answers that is not Tenfour, and no WebSocket came of it. */
function byStranger({ path }: Address, http: Asked): Finding | null {
  if (http.is !== 'answered') {
    return likely(
      'wrong_upstream',
      ['upstream_down', 'login_page', 'spa_fallback', 'redirected', 'waf_block'],
      'Something answers, and the browser keeps from this page what it says; Tenfour would let it be read.',
    );
  }
  if (isProblem(http) && !http.wasRedirected) {
    const asked = `Tenfour answers, and knows nothing of ${path}.`;
    return path.startsWith('/api/v1/')
      ? plain('base_path_lost', asked)
      : likely('path_wrong', ['base_path_lost'], asked);
  }
  return (
    byStatus(http) ??
    plain(
      'wrong_upstream',
      `It was asked for what Tenfour tells to every page, and answered with status ${http.status}.`,
    )
  );
}

/** An error of Tenfour's own. */
const isProblem = ({ type, head }: Answered): boolean =>
  type.startsWith('application/problem+json') && head.includes('urn:tenfour:');

/** What stands in the way, by its status. */
function byStatus(asked: Answered): Finding | null {
  const { status, type, wasRedirected, server } = asked;
  const by = server === '' ? `It answered with status ${status}.` : `${server} answered with status ${status}.`;
  if (wasRedirected) return likely('redirected', ['login_page'], 'The request was redirected.');
  if (isProblem(asked)) return null;
  if (status === 401) return plain('http_auth', by);
  if (status === 403) return likely('waf_block', ['wrong_upstream'], by);
  if (status === 407) return plain('forward_proxy', by);
  if (status === 413 || status === 414 || status === 431) return plain('header_too_big', by);
  if (status === 502) return plain('upstream_down', by);
  if (status === 503) return likely('upstream_down', ['proxy_full'], by);
  if (status === 504) return plain('upstream_mute', by);
  if (status === 200 && type.startsWith('text/html')) return plain('spa_fallback', 'It was asked for JSON.');
  return null;
}

// The upgrade

function judgeUpgrade(evidence: Evidence): Finding | null {
  const { attempt, bare, door, greeting } = evidence;
  if (attempt === null || attempt.openMs !== null) return null;
  if (attempt.refused !== null) return byRefusal(evidence, attempt.refused);
  if (isOpened(bare)) return byBare(evidence);
  if (attempt.outcome === 'hanging') {
    const waited = `It was not answered within ${lasting(attempt.tookMs)}, and plain requests are.`;
    return likely('stuck_sibling', ['cdn_caches', 'proxy_full', 'waf_block'], waited);
  }
  if (door?.is === 'answered') {
    const found = byStatus(door);
    if (found !== null) return found;
    if (door.version === 'h2')
      return likely('h2_connect_broken', ['waf_block', 'extension_blocked'], 'Plain requests go over HTTP/2.');
  }
  if (greeting === null) return null;
  return likely(
    'waf_block',
    ['accept_wrong', 'extension_blocked', 'socket_limit', 'forward_proxy', 'proxy_full'],
    'Plain requests reach Tenfour, and the upgrade did not: something between answers it, or nothing does.',
  );
}

/** The server has refused it, and says why. */
function byRefusal(evidence: Evidence, { code, detail }: Refused): Finding {
  switch (code) {
    case 'upgrade_required':
      return byWhatArrived(detail);
    case 'not_found':
      return byPath(evidence.address, detail);
    default:
      return byCode(code, detail) ?? likely('internal', [], `The answer was ${code}: ${detail}`);
  }
}

function byWhatArrived(detail: string): Finding {
  const version = /^Over HTTP\/(?<version>[\d.]+) came /.exec(detail)?.groups?.['version'];
  if (detail.startsWith('The WebSocket version is')) return plain('version_refused', `The server says: ${detail}`);
  if (version === undefined) return likely('upgrade_stripped', [], `The server says: ${detail}`);
  const upgrade = /(?:^|came |, )upgrade: (?<value>[^,]*)/.exec(detail)?.groups?.['value'];
  const connection = /(?:^|came |, )connection: (?<value>.*?)(?:, (?:sec-websocket-key|via): |\.(?: |$)|$)/.exec(detail)
    ?.groups?.['value'];
  const seen = `The server says: ${detail}`;
  if (upgrade === undefined) return plain('upgrade_stripped', seen);
  if (version.startsWith('1.0')) return plain('http10_upstream', seen);
  return connection?.toLowerCase().includes('upgrade') === true
    ? likely('upgrade_stripped', [], seen)
    : plain('connection_closed', seen);
}

function byPath({ path }: Address, detail: string): Finding {
  const reached = /No WebSocket is at (?<path>\S+); the doors/.exec(detail)?.groups?.['path'];
  if (reached !== undefined && reached !== path.slice(0, 200)) {
    return certain(
      'base_path_lost',
      `${path} was asked, and ${reached} reached the server: a proxy changes the path on the way.`,
    );
  }
  return plain('path_wrong', `It was asked for ${path}.`);
}

/** Without a subprotocol it opens, which a browser takes as it comes. */
function byBare({ greeting }: Evidence): Finding {
  if (greeting !== null) {
    return plain('subprotocol_dropped', 'Without a subprotocol it opens, with tenfour.v1 it does not.');
  }
  return plain('other_ws_server', 'It opens only without the subprotocol tenfour.v1.');
}

// The token

function judgeTokenSent({ token, attempt }: Evidence): Finding | null {
  if (token.fault === null || attempt !== null) return null;
  return likely('token_malformed', [], `${token.fault}.`);
}

function judgeTokenTaken(evidence: Evidence): Finding | null {
  const { attempt, token, byFrame } = evidence;
  const close = attempt?.outcome === 'closed' ? attempt.close : null;
  switch (close === null ? null : codeOf(close)) {
    case 'token_missing':
      return token.isGiven ? byLoss(evidence, byFrame) : plain('token_missing', 'None was given here.');
    case 'token_malformed':
      return token.fault === null
        ? null
        : certain('token_malformed', `What was sent as token is not a JWT: ${lower(token.fault)}.`);
    case 'token_expired':
      return byTime(evidence, token.expiresMs, 'token_expired');
    case 'token_not_yet_valid':
      return byTime(evidence, token.notBeforeMs, 'token_not_yet_valid');
    default:
      return close === null ? null : byOwnLayer(close);
  }
}

/** Anything else that the server says of the token or its user. */
function byOwnLayer(close: Close): Finding | null {
  const code = codeOf(close);
  const found = byCode(code, close.reason.slice(code.length + 1));
  return found !== null && CAUSES[found.cause].layer === 'token' ? found : null;
}

function byLoss({ carrier }: Evidence, byFrame: Attempt | null): Finding {
  const cured = byFrame?.outcome === 'welcome' ? ' Brought in a first frame, it arrives.' : '';
  const brought = { subprotocol: 'as a subprotocol', query: 'in the address', first_frame: 'in a first frame' }[
    carrier
  ];
  return certain(
    'token_lost',
    `The token was sent ${brought}, and the server says that none came: a proxy removes it on the way.${cured}`,
  );
}

/** By the server's clock; where this machine's says otherwise, it is the clocks. */
function byTime(
  { greeting }: Evidence,
  limitMs: number | null,
  cause: 'token_expired' | 'token_not_yet_valid',
): Finding {
  if (greeting === null || limitMs === null) return plain(cause);
  const isOver = cause === 'token_expired';
  const skewMs = greeting.localMs - greeting.serverMs;
  const clocks = `this machine's clock is ${lasting(skewMs)} ${skewMs > 0 ? 'ahead of' : 'behind'} the server's`;
  const isGoodHere = isOver ? limitMs > greeting.localMs : limitMs <= greeting.localMs;
  if (Math.abs(skewMs) > SKEW_MS && isGoodHere) {
    const says = isOver ? 'has expired' : 'is not valid yet';
    return certain('clock_skew', `${upper(clocks)}: by it the token is good, by the server's clock it ${says}.`);
  }
  const told = isOver
    ? `expired ${lasting(greeting.serverMs - limitMs)} ago`
    : `becomes valid in ${lasting(limitMs - greeting.serverMs)}`;
  const also = Math.abs(skewMs) > SKEW_MS ? `; ${clocks}` : '';
  return certain(cause, `The token ${told} by the server's clock, at ${moment(limitMs)}${also}.`);
}

// Welcome

function judgeWelcome(evidence: Evidence): Finding | null {
  const { attempt, greeting } = evidence;
  switch (attempt?.outcome) {
    case 'closed':
      return attempt.close === null
        ? null
        : byClose(attempt.close, 'tcp_reset', 'It opened, and the line was cut before the server had said anything.');
    case 'silent':
      return byNoWelcome(evidence, attempt);
    case 'other_frame':
      return greeting === null
        ? plain('other_ws_server', 'Its first frame is none of this protocol.')
        : likely('welcome_late', ['other_ws_server'], 'Another frame came first.');
    default:
      return null;
  }
}

function byNoWelcome({ greeting, notReady }: Evidence, attempt: Attempt): Finding {
  const waited = `No frame came within ${lasting(attempt.tookMs)}.`;
  if (greeting === null) return plain('other_ws_server', waited);
  return plain('welcome_late', waited, ...(notReady ?? []).map((reason) => `The server is not ready: ${reason}.`));
}

function byClose(close: Close, cut: CauseId, saysCut: string): Finding | null {
  const code = codeOf(close);
  const found = byCode(code, close.reason.slice(code.length + 1));
  if (found !== null) return found;
  if (close.code === ABNORMAL) {
    return close.hadError
      ? likely('deflate_broken', ['frames_wrong'], 'The browser itself broke off: what came was no WebSocket frame.')
      : likely(cut, [], saysCut);
  }
  const cause = CAUSE_OF_CLOSE[close.code];
  const reason = close.reason === '' ? 'no reason' : `the reason “${close.reason}”`;
  return cause === undefined ? null : likely(cause, [], `It was closed with ${close.code} and ${reason}.`);
}

/** The name of the error in a reason of ours, `code: sentence`. */
const codeOf = ({ reason }: Close): string => reason.split(':', 1)[0]?.trim() ?? '';

function byCode(code: string, detail: string): Finding | null {
  const cause = CAUSE_OF[code];
  return cause === undefined ? null : plain(cause, `The server says: “${detail.trim().replace(/\.$/, '')}”.`);
}

function judgeReadiness({ notReady }: Evidence): Finding | null {
  const [first] = notReady ?? [];
  if (first === undefined || notReady === null) return null;
  const told = `The server says that it is not ready: ${notReady.join('; ')}.`;
  const cause = first.startsWith('broker') ? 'broker_down' : first.startsWith('node') ? 'draining' : 'store_down';
  return plain(cause, told);
}

// What comes later

function judgeDelivery({ delivery }: Evidence): Finding | null {
  if (delivery === null) return null;
  const { ackMs, receivedMs, error, tookMs } = delivery;
  if (error !== null) return byCode(error, 'the test message was refused');
  const waited = `It was awaited for ${lasting(tookMs)}.`;
  if (ackMs !== null && receivedMs === null) return likely('not_delivered', ['broker_down'], waited);
  if (ackMs === null && receivedMs !== null) return plain('ack_missing', waited);
  return ackMs === null ? likely('store_down', ['welcome_late'], `Neither ack nor event came. ${waited}`) : null;
}

function judgeEnd({ ended }: Evidence): Finding | null {
  if (ended === null) return null;
  const { livedMs, silentMs, hiddenMs, close, isServerThere } = ended;
  const lived = `It lived for ${lasting(livedMs)}`;
  if (close.code === ABNORMAL && isServerThere === false) {
    return likely('tcp_refused', ['proxy_reload'], `${lived}, was cut without a word, and now nobody answers at all.`);
  }
  if (hiddenMs > THROTTLED_MS && (close.code === ABNORMAL || codeOf(close) === 'heartbeat_missed')) {
    return likely(
      'tab_throttled',
      ['idle_cut', 'nat_forgot'],
      `Nobody had looked at this page for ${lasting(hiddenMs)}.`,
    );
  }
  return silentMs >= SILENCE_MS
    ? byClose(close, 'idle_cut', `${lived} and was cut without a word after ${lasting(silentMs)} of silence.`)
    : byClose(close, 'proxy_reload', `${lived} and was cut without a word, while it was in use.`);
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** The command that looks where a browser cannot. The token comes from a file, so that no list of processes shows it. */
export function doctorCommand({
  address,
  chat,
  token,
  page,
}: Pick<Evidence, 'address' | 'chat' | 'token' | 'page'>): string {
  const url = address.fault === null ? doorOf({ ...address, query: '' }) : address.given;
  return [
    `tenfour doctor ${quoted(url)}`,
    ...(chat === '' || url.includes('/api/v1/chats/') ? [] : [`--chat ${quoted(chat)}`]),
    ...(token.isGiven ? ['--token-file token.txt', '--carrier subprotocol'] : []),
    `--origin ${quoted(page.origin)}`,
  ].join(' ');
}

const quoted = (text: string): string => (/^[\w./:@%+=[\]-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`);
