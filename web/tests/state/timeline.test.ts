import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/state/rows';
import { Timeline, WINDOW_MAX } from '../../src/state/timeline';
import { message } from './messages';
import { randomOf } from './random';

function said(seq: number, by = 'ann'): Item {
  return { kind: 'message', seq, message: message(seq, by, seq) };
}

function range(from: number, to: number): Item[] {
  return Array.from({ length: to - from + 1 }, (_, index) => said(from + index));
}

function live(from: number, to: number): Timeline {
  const timeline = new Timeline();
  timeline.reset(range(from, to), { hasBefore: from > 1, hasAfter: false, known: to });
  return timeline;
}

const seqs = (timeline: Timeline) => timeline.items.map(({ seq }) => seq);

describe('at the live end', () => {
  test('an event is taken once, and one too far ahead not at all', () => {
    const timeline = live(1, 3);

    const offered = [timeline.offer(4, said(4)), timeline.offer(4, said(4)), timeline.offer(6, said(6))];

    expect(offered).toEqual(['last', 'known', 'gap']);
    expect(seqs(timeline)).toEqual([1, 2, 3, 4]);
  });

  test('an acknowledged message and its event are one, in either order', () => {
    const acknowledgedFirst = live(1, 3);
    acknowledgedFirst.settle(said(4, 'me'));
    const eventFirst = live(1, 3);
    eventFirst.offer(4, said(4, 'me'));

    expect(acknowledgedFirst.offer(4, said(4, 'me'))).toBe('known');
    expect(eventFirst.settle(said(4, 'me'))).toBe('known');
    expect(seqs(acknowledgedFirst)).toEqual([1, 2, 3, 4]);
    expect(seqs(eventFirst)).toEqual([1, 2, 3, 4]);
  });

  test('an acknowledgement may come before the events that precede it', () => {
    const timeline = live(1, 3);

    timeline.settle(said(6, 'me'));
    const between = [timeline.offer(4, said(4)), timeline.offer(5, said(5))];

    expect(between).toEqual(['between', 'between']);
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(timeline.known).toBe(6);
    expect(timeline.offer(6, said(6, 'me'))).toBe('known');
  });

  test('whatever comes first, each is there once and in order', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = randomOf(seed);
      const timeline = live(1, 5);
      const mine = new Set(Array.from({ length: 30 }, () => 6 + random(30)));
      const acks = [...mine].sort((one, other) => one - other);
      let next = 6;
      while (next <= 35 || acks.length > 0) {
        const ack = acks[0];
        if (ack !== undefined && random(2) === 0) {
          timeline.settle(said(ack, 'me'));
          acks.shift();
        } else if (next <= 35) {
          timeline.offer(next, said(next, mine.has(next) ? 'me' : 'ann'));
          next += 1;
        }
      }

      expect(seqs(timeline), `seed ${seed}`).toEqual(range(1, 35).map(({ seq }) => seq));
      expect(timeline.known, `seed ${seed}`).toBe(35);
    }
  });

  test('what came for the eye or not, the count goes on', () => {
    const timeline = live(1, 3);

    timeline.offer(4, null);

    expect(timeline.offer(5, said(5))).toBe('last');
  });
});

describe('the window', () => {
  test('stays within its limit at the live end', () => {
    const timeline = live(1, 10);

    for (let seq = 11; seq <= 5_000; seq += 1) {
      timeline.offer(seq, said(seq));
      timeline.trimStart();
    }

    expect(timeline.items.length).toBeLessThanOrEqual(WINDOW_MAX);
    expect(timeline.last?.seq).toBe(5_000);
    expect(timeline.hasBefore).toBe(true);
    expect(timeline.message('m1')).toBeNull();
    expect(timeline.message('m5000')?.seq).toBe(5_000);
  });

  test('is trimmed at the far end when older pages come, and then has something after it', () => {
    const timeline = live(2_001, 3_500);

    timeline.prepend(range(1_951, 2_000), true);

    expect(timeline.items.length).toBe(WINDOW_MAX);
    expect(timeline.first?.seq).toBe(1_951);
    expect(timeline.last?.seq).toBe(3_450);
    expect(timeline.hasAfter).toBe(true);
    expect(timeline.offer(3_501, said(3_501))).toBe('beyond');
  });

  test('is live again when the last page has come', () => {
    const timeline = live(2_001, 3_500);
    timeline.prepend(range(1_951, 2_000), true);

    timeline.append(range(3_451, 3_500), false);

    expect(timeline.offer(3_501, said(3_501))).toBe('last');
  });
});

describe('counting', () => {
  test('says how many messages by others are between two seqs, where it has them all', () => {
    const timeline = new Timeline();
    timeline.reset([said(11), said(12, 'me'), said(14)], { hasBefore: true, hasAfter: false, known: 15 });

    expect(timeline.othersBetween(10, 15)).toBe(2);
    expect(timeline.othersBetween(11, 13)).toBe(0);
    expect(timeline.othersBetween(9, 15)).toBeNull();
    expect(timeline.othersBetween(10, 16)).toBeNull();
  });
});
