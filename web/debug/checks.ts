/** What each step of the way came to, one line each. Pure. */

import { authority } from './address';
import type { Asked, Evidence } from './evidence';
import { failedStep, isMixed, judge, type Step } from './judge';
import { lasting, milliseconds } from './words';

export interface Check {
  readonly name: string;
  readonly verdict: 'ok' | 'warn' | 'fail' | 'skipped';
  readonly line: string;
  readonly tookMs: number | null;
}

interface Line {
  readonly step: Step;
  readonly name: string;
  /** What was seen; null where it was not reached. */
  readonly line: (evidence: Evidence) => string | null;
  readonly tookMs?: (evidence: Evidence) => number | null;
  readonly isOdd?: (evidence: Evidence) => boolean;
  /** Seen here, but not tried on the server. */
  readonly isOpen?: (evidence: Evidence) => boolean;
}

const SKEW_MS = 30_000;

const LINES: readonly Line[] = [
  { step: 'address', name: 'Address', line: ({ address }) => (address.fault === null ? address.given : null) },
  {
    step: 'page',
    name: 'Page',
    line: pageLine,
    isOpen: ({ greeting }) => greeting === null,
  },
  {
    step: 'http',
    name: 'HTTP',
    line: httpLine,
    tookMs: ({ http }) => http?.tookMs ?? null,
    isOdd: ({ greeting }) => greeting === null || skewOf(greeting) !== 0,
  },
  {
    step: 'upgrade',
    name: 'Upgrade',
    line: upgradeLine,
    tookMs: ({ attempt }) => attempt?.openMs ?? attempt?.tookMs ?? null,
    isOdd: ({ attempt }) => attempt?.openMs === null,
  },
  {
    step: 'token',
    name: 'Token',
    line: tokenLine,
    isOdd: ({ token }) => !token.isGiven || token.fault !== null,
    isOpen: ({ attempt }) => (attempt?.openMs ?? null) === null,
  },
  {
    step: 'welcome',
    name: 'Welcome',
    line: welcomeLine,
    tookMs: ({ attempt }) => (attempt?.outcome === 'welcome' ? attempt.tookMs : null),
    isOdd: ({ attempt }) => attempt?.outcome !== 'welcome',
  },
  { step: 'welcome', name: 'Round trip', line: tripsLine },
  {
    step: 'delivery',
    name: 'Delivery',
    line: deliveryLine,
    isOdd: ({ delivery }) => delivery?.error !== null,
  },
  { step: 'end', name: 'End', line: ({ ended }) => (ended === null ? null : `after ${lasting(ended.livedMs)}`) },
];

/** The one with the cause failed, others with something odd are warnings. */
export function checks(evidence: Evidence): readonly Check[] {
  const finding = judge(evidence);
  const failed = failedStep(evidence);
  const blamed = LINES.find(({ step }) => step === failed);
  return LINES.filter((line) => line.step !== 'end' || evidence.ended !== null).map((line) => {
    const seen = line.line(evidence);
    const tookMs = seen === null ? null : (line.tookMs?.(evidence) ?? null);
    if (line === blamed && finding !== null) return { name: line.name, verdict: 'fail', line: finding.says, tookMs };
    if (seen === null) return { name: line.name, verdict: 'skipped', line: 'not measured', tookMs };
    const verdict = line.isOpen?.(evidence) === true ? 'skipped' : line.isOdd?.(evidence) === true ? 'warn' : 'ok';
    return { name: line.name, verdict, line: seen, tookMs };
  });
}

function pageLine(evidence: Evidence): string | null {
  const { page, greeting, http } = evidence;
  if (isMixed(evidence)) return page.origin;
  const origin = page.origin === 'null' ? 'null (from a file)' : page.origin;
  if (greeting !== null) return `${origin}, which the server lets connect`;
  return http === null ? null : `${origin}; whether the server lets it connect is not known`;
}

function httpLine({ http, greeting, address }: Evidence): string | null {
  if (http === null) return null;
  if (greeting === null) return `${authority(address)}: ${answerOf(http)}`;
  const skewMs = skewOf(greeting);
  const clock = skewMs === 0 ? '' : `; this machine's clock is ${lasting(skewMs)} ${skewMs > 0 ? 'ahead' : 'behind'}`;
  return `Tenfour answers at ${authority(address)}${clock}`;
}

/** How far this machine's clock is ahead, where that matters. */
function skewOf({ localMs, serverMs }: NonNullable<Evidence['greeting']>): number {
  return Math.abs(localMs - serverMs) > SKEW_MS ? localMs - serverMs : 0;
}

function answerOf(http: Asked): string {
  switch (http.is) {
    case 'answered':
      return `status ${http.status}, not Tenfour's`;
    case 'hidden':
      return 'something answers, and the browser keeps it from this page';
    case 'failed':
      return 'no answer, and a browser does not say why';
    case 'timed_out':
      return `no answer within ${lasting(http.tookMs)}`;
  }
}

function upgradeLine({ attempt }: Evidence): string | null {
  if (attempt === null) return null;
  if (attempt.openMs !== null)
    return `open${attempt.subprotocol === '' ? ', without a subprotocol' : `, ${attempt.subprotocol}`}`;
  return attempt.refused === null ? 'it did not open' : `status ${attempt.refused.status}, ${attempt.refused.code}`;
}

function tokenLine({ token }: Evidence): string | null {
  if (!token.isGiven) return 'none given';
  const { sub, iss } = token.claims;
  return token.fault === null ? `issued by ${nameOf(iss, 'nobody')} for ${nameOf(sub, 'nobody')}` : `${token.fault}.`;
}

const nameOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

function welcomeLine({ attempt }: Evidence): string | null {
  if (attempt === null || attempt.openMs === null) return null;
  if (attempt.outcome === 'welcome') return attempt.first;
  if (attempt.close !== null) return `closed with ${attempt.close.code} ${attempt.close.reason}`.trimEnd();
  return attempt.outcome === 'other_frame' ? `another frame came first: ${attempt.first}` : 'no frame came';
}

function tripsLine({ tripsMs }: Evidence): string | null {
  const times = [...(tripsMs ?? [])].sort((one, other) => one - other);
  const [median, longest] = [times[Math.floor(times.length / 2)], times.at(-1)];
  if (median === undefined || longest === undefined) return null;
  return `${times.length} pings, p50 ${milliseconds(median)}, longest ${milliseconds(longest)}`;
}

function deliveryLine({ delivery }: Evidence): string | null {
  if (delivery === null) return null;
  const { ackMs, receivedMs, error } = delivery;
  if (error !== null) return `not tried: ${error}`;
  if (ackMs === null || receivedMs === null) return 'not complete';
  return `stored after ${milliseconds(ackMs)}, at a second connection after ${milliseconds(receivedMs)}`;
}

/** What nobody may take for well because no browser sees it. */
export const UNSEEN: readonly string[] = [
  'why a line does not open: name, port, certificate and firewall look the same from a page',
  'the status and the headers of an upgrade that somebody on the way refused',
  'after how much silence something on the way cuts (--idle 120)',
  'large frames, evenness and compression',
  'which node heard a message, and after how long',
];
