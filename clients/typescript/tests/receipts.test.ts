import { describe, expect, test } from 'vitest';
import { Receipts } from '../src/receipts';
import type { Receipt } from '../src/generated/frames';
import { CHAT } from './frames';

function receipt(read: number | null, delivered: number): Receipt {
  return { type: 'receipt', chat: CHAT, read, delivered };
}

describe('receipts', () => {
  test('the highest goes out at once, and the next a second later', () => {
    const receipts = new Receipts();
    for (const read of [3, 5, 4]) receipts.note(CHAT, { read });

    const first = receipts.take(100_000);
    receipts.note(CHAT, { read: 9 });
    const tooEarly = receipts.take(100_500);
    const second = receipts.take(101_000);

    expect([first, tooEarly, second]).toEqual([[receipt(5, 5)], [], [receipt(9, 9)]]);
  });

  test('what tells nothing new is not sent', () => {
    const receipts = new Receipts();
    receipts.note(CHAT, { read: 5 });
    receipts.take(100_000);

    receipts.note(CHAT, { read: 4, delivered: 5 });

    expect(receipts.nextAt()).toBeNull();
    expect(receipts.take(200_000)).toEqual([]);
  });

  test('delivered alone says nothing about read', () => {
    const receipts = new Receipts();
    receipts.note(CHAT, { delivered: 7 });

    expect(receipts.take(100_000)).toEqual([receipt(null, 7)]);
  });

  test('those of many chats are spread over seconds', () => {
    const receipts = new Receipts();
    for (let number = 0; number < 11; number += 1) receipts.note(String(number), { read: 1 });

    const first = receipts.take(100_000);
    const at = receipts.nextAt();
    const second = receipts.take(101_000);

    expect([first.length, at, second.length]).toEqual([10, 101_000, 1]);
  });

  test('what was told just before a cut is told again', () => {
    const receipts = new Receipts();
    receipts.note(CHAT, { read: 5 });
    receipts.take(100_000);

    receipts.disconnected(102_000);

    expect(receipts.take(103_000)).toEqual([receipt(5, 5)]);
  });

  test('what was told long before a cut is not told again', () => {
    const receipts = new Receipts();
    receipts.note(CHAT, { read: 5 });
    receipts.take(100_000);

    receipts.disconnected(200_000);

    expect(receipts.take(201_000)).toEqual([]);
  });
});
