import { describe, expect, test } from 'vitest';
import { Unread, UNREAD_MAX } from '../../src/state/unread';
import { randomOf } from './random';

/** The chat as the server has it: who sent which seq. */
class Truth {
  head = 0;
  read = 0;
  readonly others: number[] = [];

  unreadAfter(read: number): number {
    return this.others.filter((seq) => seq > read).length;
  }

  counted() {
    return { head: this.head, read: this.read, unread: Math.min(UNREAD_MAX, this.unreadAfter(this.read)) };
  }

  between = (after: number, upTo: number) => this.others.filter((seq) => seq > after && seq <= upTo).length;
}

describe('unread messages', () => {
  test('are those by others that came after what the server has counted', () => {
    const unread = new Unread();
    unread.take({ head: 10, read: 7, unread: 2 });

    unread.arrived(11);
    unread.arrived(13);
    unread.arrived(11);
    unread.arrived(9);

    expect(unread.count).toBe(4);
  });

  test('are none at once when all of them are read', () => {
    const unread = new Unread();
    unread.take({ head: 10, read: 7, unread: 2 });
    unread.arrived(11);

    unread.readUpTo(11);

    expect(unread.count).toBe(0);
    expect(unread.isSure).toBe(true);
  });

  test('are for the server to count where nobody here knows how many were read', () => {
    const unread = new Unread();
    unread.take({ head: 10, read: 2, unread: 6 });

    unread.readUpTo(8);

    expect(unread.isSure).toBe(false);
    expect(unread.count).toBeLessThanOrEqual(2);

    unread.take({ head: 10, read: 8, unread: 1 });

    expect(unread.count).toBe(1);
    expect(unread.isSure).toBe(true);
  });

  test('do not come back by an older answer, or an older position', () => {
    const unread = new Unread();
    unread.take({ head: 10, read: 2, unread: 6 });
    unread.readUpTo(10);

    const isNews = unread.readUpTo(5);
    unread.take({ head: 10, read: 2, unread: 6 });

    expect(isNews).toBe(false);
    expect(unread.count).toBe(0);
  });

  test('stay marked until something later is read', () => {
    const unread = new Unread();
    unread.take({ head: 10, read: 10, unread: 0 });
    unread.markFrom(8, 3);

    unread.heard(10);
    unread.take({ head: 10, read: 10, unread: 0 });
    unread.arrived(11);

    expect(unread.count).toBe(4);

    unread.heard(11);

    expect(unread.count).toBe(0);
  });

  test('are counted to a hundred', () => {
    const unread = new Unread();
    unread.take({ head: 500, read: 0, unread: 100 });

    unread.arrived(501);

    expect(unread.count).toBe(UNREAD_MAX);
  });
});

test('two tabs agree with the server, in whichever order things reach them', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = randomOf(seed);
    const truth = new Truth();
    const tabs = [new Unread(), new Unread()];
    /** What is on its way to each tab: events in order, positions whenever. */
    const events: number[][] = [[], []];
    const positions: number[][] = [[], []];
    for (const tab of tabs) tab.take(truth.counted());

    const deliver = (which: number) => {
      const tab = tabs[which];
      if (tab === undefined) return;
      const isEvent = random(2) === 0;
      const next = isEvent ? events[which]?.shift() : positions[which]?.shift();
      if (next === undefined) return;
      if (isEvent) tab.arrived(next);
      else tab.heard(next, truth.between);
    };
    for (let step = 0; step < 60; step += 1) {
      const which = random(2);
      switch (random(5)) {
        case 0: // somebody else sends
          truth.head += 1;
          truth.others.push(truth.head);
          for (const queue of events) queue.push(truth.head);
          break;
        case 1: // something else happens
          truth.head += 1;
          break;
        case 2: {
          // a tab reads up to something, and tells it
          const upTo = random(truth.head + 1);
          tabs[which]?.readUpTo(upTo, truth.between);
          truth.read = Math.max(truth.read, upTo);
          for (const queue of positions) queue.push(truth.read);
          break;
        }
        case 3: // a tab loads the list anew
          tabs[which]?.take(truth.counted(), truth.between);
          break;
        default:
          deliver(which);
      }
    }
    for (let rest = 0; rest < 400; rest += 1) deliver(rest % 2);

    for (const tab of tabs) {
      if (!tab.isSure) tab.take(truth.counted(), truth.between);
      expect(tab.count, `seed ${seed}`).toBe(Math.min(UNREAD_MAX, truth.unreadAfter(truth.read)));
    }
  }
});
