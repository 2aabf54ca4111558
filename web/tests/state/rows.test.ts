import { describe, expect, test } from 'vitest';
import type { Message, Row } from '../../src/state/message';
import { Rows, type Item } from '../../src/state/rows';
import { message } from './messages';
import { randomOf } from './random';

const NOON = new Date(2026, 0, 15, 12).getTime();
const MINUTE = 60_000;
const ALL = { hasBefore: false, unreadFrom: null };

function item(seq: number, by: string, at: number, more: Partial<Message> = {}): Item {
  return { kind: 'message', seq, message: message(seq, by, at, more) };
}

function happened(seq: number, at: number): Item {
  const happening = { is: 'titled', by: undefined, title: 'x' } as const;
  return { kind: 'event', seq, row: { kind: 'event', key: `event:${seq}`, seq, at, happening: happening as never } };
}

/** A row in short: `H` begins a group, `T` ends one. */
function short(row: Row): string {
  if (row.kind !== 'message') return row.kind;
  return `${row.key}${row.head ? 'H' : ''}${row.tail ? 'T' : ''}`;
}

function laid(items: readonly Item[], setting: { hasBefore: boolean; unreadFrom: number | null } = ALL): string[] {
  const rows = new Rows();
  rows.reset(items, setting);
  return rows.with([]).map(short);
}

describe('groups', () => {
  test('are messages of one sender less than 5 minutes apart', () => {
    const items = [
      item(1, 'ann', NOON),
      item(2, 'ann', NOON + 4 * MINUTE),
      item(3, 'ann', NOON + 9 * MINUTE),
      item(4, 'bob', NOON + 9 * MINUTE),
    ];

    expect(laid(items)).toEqual(['start', 'day', 'm1H', 'm2T', 'm3HT', 'm4HT']);
  });

  test('end at a system line, at a reply and at the divider', () => {
    const reply = { replyTo: { id: 'm1', seq: 1, by: 'ann', text: 'text 1' } };
    const items = [
      item(1, 'ann', NOON),
      happened(2, NOON),
      item(3, 'ann', NOON),
      item(4, 'ann', NOON, reply),
      item(5, 'ann', NOON),
    ];

    const rows = laid(items, { hasBefore: false, unreadFrom: 5 });

    expect(rows).toEqual(['start', 'day', 'm1HT', 'event', 'm3HT', 'm4HT', 'unread', 'm5HT']);
  });

  test('end at midnight where the reader is', () => {
    const midnight = new Date(2026, 0, 16).getTime();

    expect(laid([item(1, 'ann', midnight - 1), item(2, 'ann', midnight)])).toEqual([
      'start',
      'day',
      'm1HT',
      'day',
      'm2HT',
    ]);
  });
});

describe('days', () => {
  test('have one separator each, though a clock goes back over midnight', () => {
    const midnight = new Date(2026, 0, 16).getTime();
    const items = [item(1, 'ann', midnight), item(2, 'bob', midnight - 1), item(3, 'ann', midnight + 1)];

    expect(laid(items)).toEqual(['start', 'day', 'm1HT', 'm2HT', 'm3HT']);
  });
});

describe('the divider', () => {
  test('stands above the first message from its seq on', () => {
    expect(laid([item(4, 'ann', NOON), item(9, 'bob', NOON)], { hasBefore: true, unreadFrom: 7 })).toEqual([
      'day',
      'm4HT',
      'unread',
      'm9HT',
    ]);
  });

  test('is not shown where what it stands above is further up', () => {
    expect(laid([item(8, 'ann', NOON)], { hasBefore: true, unreadFrom: 7 })).toEqual(['day', 'm8HT']);
  });
});

describe('messages that wait for their place', () => {
  test('stand last, and keep their row when they get it', () => {
    const rows = new Rows();
    rows.reset([item(1, 'me', NOON)], ALL);
    const pending = message(0, 'me', NOON + 1, { key: 'k', id: null, seq: null, status: 'pending' });
    const before = rows.with([pending]).map(({ key }) => key);

    rows.append(item(2, 'ann', NOON + 1));
    rows.append(item(3, 'me', NOON + 2, { key: 'k' }));

    expect(before).toEqual(['start', before[1], 'm1', 'k']);
    expect(rows.with([]).map(({ key }) => key)).toEqual(['start', before[1], 'm1', 'm2', 'k']);
  });

  test('join the group before them', () => {
    const rows = new Rows();
    rows.reset([item(1, 'me', NOON)], ALL);

    const shown = rows.with([message(0, 'me', NOON + 1, { key: 'k', seq: null })]).map(short);

    expect(shown).toEqual(['start', 'day', 'm1H', 'kT']);
    expect(rows.with([]).map(short)).toEqual(['start', 'day', 'm1HT']);
  });
});

test('rows that were added one by one are those that are laid out at once', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomOf(seed);
    let at = NOON;
    const items = Array.from({ length: 40 }, (_, index) => {
      at += random(3) === 0 ? random(400) * MINUTE : random(4) * MINUTE - MINUTE;
      return random(8) === 0 ? happened(index + 1, at) : item(index + 1, ['ann', 'bob', 'me'][random(3)] ?? 'me', at);
    });
    const setting = { hasBefore: random(2) === 0, unreadFrom: random(2) === 0 ? null : random(45) };
    const cut = random(40);

    const rows = new Rows();
    rows.reset(items.slice(0, cut), setting);
    for (const each of items.slice(cut)) rows.append(each);

    const whole = new Rows();
    whole.reset(items, setting);
    expect(rows.with([]), `seed ${seed}`).toEqual(whole.with([]));
    const keys = rows.with([]).map(({ key }) => key);
    expect(new Set(keys).size, `seed ${seed}`).toBe(keys.length);
  }
});
