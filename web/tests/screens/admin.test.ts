import { expect, test } from 'vitest';
import { bytes, duration, milliseconds } from '../../src/screens/admin/amounts';
import { clientName } from '../../src/screens/admin/client';
import { byCause, isSame, wantedOf } from '../../src/screens/admin/endings';
import { pathsOf } from '../../src/screens/admin/lines';
import { adminPaths, placeOf, tabOf, TABS } from '../../src/screens/admin/places';
import { spansOf } from '../../src/screens/admin/spans';

const CHAT = '0198d0a0-0000-7000-8000-000000000000';

function partsOf(path: string): string[] {
  return path.split('/').slice(2);
}

test('every part has an address, and every address leads to its part', () => {
  expect(TABS.map((tab) => placeOf(partsOf(adminPaths.tab(tab)))?.is)).toEqual([...TABS]);
  expect(placeOf(partsOf(adminPaths.trace(CHAT, 7)))).toEqual({ is: 'delivery', of: { chat: CHAT, seq: 7 } });
  expect(placeOf(partsOf(adminPaths.cause('not_member')))).toEqual({ is: 'cause', cause: 'not_member' });
});

test.each([
  'weather',
  'connections/x',
  `delivery/${CHAT}`,
  'delivery/x/1',
  `delivery/${CHAT}/0`,
  'causes',
  'causes/..',
  'causes/a/b',
])('the address /admin/%s leads nowhere', (rest) => {
  expect(placeOf(rest.split('/'))).toBeNull();
});

test('an entry of the catalogue belongs to the endings', () => {
  expect(tabOf({ is: 'cause', cause: 'not_member' })).toBe('endings');
});

test('a line is broken where nothing is known, and what is beyond the scale lies at its top', () => {
  const points = [0, 5, null, 40, null, 10].map((value, index) => ({ at: index, value }));

  const { line, area } = pathsOf(points, [0, 5], 20);

  expect(line).toBe('M0 100L200 75M600 0h0M1000 50h0');
  expect(area).toBe('M0 100L0 100L200 75L200 100ZM600 100L600 0L600 100ZM1000 100L1000 50L1000 100Z');
});

test('codes of one cause are one row, codes without a cause are rows of their own', () => {
  const cause = { id: 'too_many', sentence: 'Too many.', fix: 'Fewer.', page: 'x' };
  const counts = [
    { code: 'closed_1006', count: 4, cause: null },
    { code: 'too_many_connections', count: 3, cause },
    { code: 'too_many_from_address', count: 2, cause },
    { code: 'closed_1001', count: 1, cause: null },
  ];

  const rows = byCause(counts);

  expect(rows.map(({ codes, count }) => [codes, count])).toEqual([
    [['too_many_connections', 'too_many_from_address'], 5],
    [['closed_1006'], 4],
    [['closed_1001'], 1],
  ]);
  expect(rows.map(wantedOf)).toEqual([
    { is: 'cause', name: 'too_many' },
    { is: 'code', name: 'closed_1006' },
    { is: 'code', name: 'closed_1001' },
  ]);
});

test('a wish is the same as another of its kind and name', () => {
  expect(isSame({ is: 'all' }, { is: 'all' })).toBe(true);
  expect(isSame({ is: 'code', name: 'x' }, { is: 'cause', name: 'x' })).toBe(false);
  expect(isSame({ is: 'code', name: 'x' }, { is: 'code', name: 'y' })).toBe(false);
});

test('code in the texts of the catalogue is told apart, links keep their words', () => {
  expect(spansOf('Send `ping`; see [the protocol](../protocol/README.md).')).toEqual([
    { is: 'text', text: 'Send ' },
    { is: 'code', text: 'ping' },
    { is: 'text', text: '; see the protocol.' },
  ]);
});

test('a client is called by browser and system, a program by its name', () => {
  expect(clientName('Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0')).toBe('Firefox · Linux');
  expect(clientName('python-httpx/0.28.1')).toBe('python-httpx');
  expect(clientName('')).toBeNull();
});

test.each([
  [0, '0s'],
  [8.9, '8s'],
  [60, '1m'],
  [725, '12m 5s'],
  [3_600 * 27, '1d 3h'],
  [86_400, '1d'],
])('%d seconds are %s', (seconds, said) => {
  expect(duration(seconds)).toBe(said);
});

test('milliseconds become seconds where they are many, and say where they were not measured', () => {
  expect([0.84, 12.4, 1_430].map((ms) => milliseconds(ms))).toEqual(['0.8 ms', '12 ms', '1.4s']);
  expect(milliseconds(Infinity, 512)).toBe('> 512 ms');
});

test('bytes are said with the unit that fits', () => {
  expect([0, 999, 1_430, 65_536, 83_000_000].map(bytes)).toEqual([
    '0\u00a0B',
    '999\u00a0B',
    '1.4 kB',
    '66 kB',
    '83 MB',
  ]);
});
