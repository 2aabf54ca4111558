import { describe, expect, it } from 'vitest';
import { authority, baseOf, doorOf, readAddress } from '../../debug/address';
import { tokensIn } from '../../debug/found';
import { Log } from '../../debug/log';
import { reportOf } from '../../debug/report';
import { runSteps, Skipped, type Step } from '../../debug/scenario';
import { hidden } from '../../debug/secrets';
import { closed, healthy, jwt, NOW_MS, TOKEN } from './seen';

describe('an address', () => {
  it.each([
    ['wss://chat.example.org', '', 'wss://chat.example.org/api/v1/ws', 'https://chat.example.org'],
    ['https://chat.example.org/', 'C', 'wss://chat.example.org/api/v1/chats/C/ws', 'https://chat.example.org'],
    ['ws://[::1]:8410/api/v1/ws', 'C', 'ws://[::1]:8410/api/v1/chats/C/ws', 'http://[::1]:8410'],
    ['wss://example.org/chat/api/v1/ws?a=1', '', 'wss://example.org/chat/api/v1/ws?a=1', 'https://example.org/chat'],
    ['wss://example.org/other', 'C', 'wss://example.org/other', 'https://example.org'],
  ])('%s with chat “%s” leads to %s', (given, chat, door, base) => {
    const address = readAddress(given, chat);

    expect([doorOf(address), baseOf(address)]).toEqual([door, base]);
  });

  it('names the port where another scheme is asked', () => {
    expect(baseOf(readAddress('wss://chat.example.org'), 'http')).toBe('http://chat.example.org:443');
    expect(authority(readAddress('wss://chat.example.org:443'))).toBe('chat.example.org');
  });
});

describe('nothing secret is shown', () => {
  it.each([
    `wss://a.example/?token=${TOKEN}&b=1`,
    'wss://ann:secret@a.example/',
    `{"type":"authenticate","token":"${TOKEN}"}`,
    `tenfour.v1, tenfour.bearer.${TOKEN}`,
    `{"refresh_token":"secret"}`,
  ])('%s', (text) => {
    const shown = hidden(text);

    expect(shown).not.toContain(TOKEN);
    expect(shown).not.toContain('secret');
  });

  it('in a report, whatever the server repeats', () => {
    const log = new Log();
    log.add('received', `you sent opaque-token-of-mine and ${TOKEN}`);
    const seen = { ...healthy(), attempt: closed(4401, 'token_malformed: opaque-token-of-mine is none') };

    const report = reportOf(seen, log.entries, 'A browser', NOW_MS, 'opaque-token-of-mine');

    expect(report).toContain('[token_malformed]');
    expect(report).not.toContain(TOKEN);
    expect(report).not.toContain('opaque-token-of-mine');
  });
});

describe('a token that the page has kept', () => {
  const storage = (kept: Record<string, string>): Storage => {
    const entries = Object.entries(kept);
    return {
      length: entries.length,
      key: (at) => entries[at]?.[0] ?? null,
      getItem: (key) => kept[key] ?? null,
    } as Storage;
  };

  it('is found as it is, behind Bearer, and within JSON; the freshest first', () => {
    const fresh = jwt({ exp: NOW_MS / 1000 + 9_000 });
    const kept = { session: JSON.stringify({ user: { tokens: [TOKEN] } }), auth: `Bearer ${fresh}`, theme: 'dark' };

    const found = tokensIn({ localStorage: storage(kept) });

    expect(found).toEqual([
      { place: 'localStorage auth', token: fresh },
      { place: 'localStorage session.user.tokens[0]', token: TOKEN },
    ]);
  });

  it('is not made of what only looks like JSON', () => {
    expect(tokensIn({ localStorage: storage({ broken: '{"a":', deep: '[[[[[[[["x"]]]]]]]]' }) })).toEqual([]);
  });
});

describe('steps', () => {
  const step = (name: string, run: () => string): Step<null> => ({ name, run });

  it('after the one that fails are not tried', async () => {
    const steps = [step('one', () => 'well'), step('two', () => fail('it broke')), step('three', () => 'never')];

    const results = await runSteps(steps, null, () => undefined);

    expect(results.map(({ is, says }) => [is, says])).toEqual([
      ['passed', 'well'],
      ['failed', 'Error: it broke'],
      ['waiting', ''],
    ]);
  });

  it('that cannot be tried are passed over', async () => {
    const results = await runSteps(
      [step('one', () => skip('no account')), step('two', () => 'well')],
      null,
      () => undefined,
    );

    expect(results.map(({ is }) => is)).toEqual(['skipped', 'passed']);
  });
});

function fail(says: string): never {
  throw new Error(says);
}

function skip(says: string): never {
  throw new Skipped(says);
}
