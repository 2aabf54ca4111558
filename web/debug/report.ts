/** The report to attach to a ticket: everything that was seen, as text, without secrets. Pure. */

import { checks, UNSEEN } from './checks';
import type { Evidence } from './evidence';
import { CAUSES } from './generated/causes';
import { doctorCommand, judge } from './judge';
import { lineOf, type Entry } from './log';
import { hidden } from './secrets';
import { judgeClaims } from './token';
import { milliseconds } from './words';

const MARKS = { ok: '✓', warn: '!', fail: '✗', skipped: '–' } as const;
const NAME_WIDTH = 10;

export function reportOf(
  evidence: Evidence,
  entries: readonly Entry[],
  browser: string,
  atMs: number,
  secret: string,
): string {
  const { page, address, chat, token, carrier, greeting } = evidence;
  const lines = checks(evidence).map(({ name, verdict, line, tookMs }) => {
    const took = tookMs === null ? '' : `  (${milliseconds(tookMs)})`;
    return `${MARKS[verdict]} ${name.padEnd(NAME_WIDTH)}  ${line}${took}`;
  });
  const nowMs = greeting?.serverMs ?? atMs;
  const claims = judgeClaims(token, nowMs).map(
    ({ name, value, says }) => `  ${name.padEnd(NAME_WIDTH)}  ${value}${says === '' ? '' : `  (${says})`}`,
  );
  return hidden(
    [
      `Connection report, ${new Date(atMs).toISOString()}`,
      '',
      `Address: ${address.given}`,
      `Chat:    ${chat === '' ? 'all chats' : chat}`,
      `Page:    ${page.origin}`,
      `Browser: ${browser}`,
      '',
      ...lines,
      '',
      ...conclusion(evidence),
      '',
      token.isGiven ? `Token, brought ${carrier.replaceAll('_', ' ')}:` : 'No token.',
      ...(token.isGiven ? (token.fault === null ? claims : [`  ${token.fault}.`]) : []),
      '',
      'Not seen by a browser:',
      ...UNSEEN.map((each) => `  ${each}`),
      `  ${doctorCommand(evidence)}`,
      '',
      'Log:',
      ...entries.map((entry) => `  ${lineOf(entry)}`),
    ].join('\n'),
    secret,
  );
}

/** The cause in one sentence, and what to do. */
export function conclusion(evidence: Evidence): readonly string[] {
  const finding = judge(evidence);
  if (finding === null) return [allWell(evidence)];
  const { cause, says, isCertain, others } = finding;
  return [
    `The ${isCertain ? '' : 'likely '}cause [${cause}]: ${says}`,
    ...(others.length > 0 ? [`It looks the same as: ${others.join(', ')}.`] : []),
    `What to do: ${CAUSES[cause].fix}`,
  ];
}

export function allWell({ attempt, delivery }: Evidence): string {
  if (attempt?.outcome !== 'welcome') return 'Nothing was found.';
  return delivery === null || delivery.error !== null
    ? 'All is well as far as a browser can see: connected and let in.'
    : 'All is well as far as a browser can see: connected, let in, and a message arrived.';
}
