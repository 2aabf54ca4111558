import { describe, expect, test } from 'vitest';
import { Feed } from '../src/feed';
import { CHAT, event } from './frames';
import { seeds, walk, type Rule } from './random';

function begun(position: number | null, epoch: string | null = 'e', room?: number): Feed {
  const feed = new Feed(room);
  feed.begin(CHAT, position, epoch);
  return feed;
}

function drain(feed: Feed): number[] {
  const seqs: number[] = [];
  for (let item = feed.pop(); item !== null; item = feed.pop()) seqs.push(item.seq);
  return seqs;
}

function events(first: number, last: number): ReturnType<typeof event>[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => event(first + index));
}

const replaced = (epoch: string) => ({ type: 'history_replaced', chat: CHAT, epoch, seq: 0 });

describe('a feed', () => {
  test('from now on begins with the first event that comes', () => {
    const feed = begun(null, null);

    feed.offer(event(7), 'e');
    feed.offer(event(8), 'e');

    expect(drain(feed)).toEqual([7, 8]);
    expect(feed.behind()).toBeNull();
  });

  test('reads what finds no room from the history', () => {
    const feed = begun(0, 'e', 2);
    for (const each of events(1, 5)) feed.offer(each, 'e');

    const queued = drain(feed);
    const behind = feed.behind();
    feed.read({ chat: CHAT, after: 2, known: 5 }, { events: events(3, 5), epoch: 'e' });

    expect([queued, behind]).toEqual([[1, 2], { chat: CHAT, after: 2, known: 5 }]);
    expect([drain(feed), feed.behind()]).toEqual([[3, 4, 5], null]);
  });

  test('that begins late reads what was before it', () => {
    const feed = begun(0, null);

    feed.reached(CHAT, 3, 'e');

    expect(feed.behind()).toEqual({ chat: CHAT, after: 0, known: 3 });
  });

  test('does not wait for what the history does not show', () => {
    const feed = begun(0);
    feed.reached(CHAT, 3, 'e');

    feed.read({ chat: CHAT, after: 0, known: 3 }, { events: [], epoch: 'e' });

    expect([feed.behind(), drain(feed)]).toEqual([null, []]);
  });

  test('drops a page that comes too late', () => {
    const feed = begun(0);
    feed.reached(CHAT, 1, 'e');
    feed.offer(event(1), 'e');

    expect(feed.read({ chat: CHAT, after: 0, known: 1 }, { events: [event(1)], epoch: 'e' })).toBe(false);
    expect(drain(feed)).toEqual([1]);
  });

  test('drops a page of another history', () => {
    const feed = begun(0);
    feed.reached(CHAT, 1, 'e');

    expect(feed.read({ chat: CHAT, after: 0, known: 1 }, { events: [event(1)], epoch: 'new' })).toBe(false);
    expect(feed.behind()).toEqual({ chat: CHAT, after: 0, known: 1 });
  });

  test('tells another history once, after what was there, and reads it from its beginning', () => {
    const feed = begun(1);
    feed.offer(event(2), 'e');

    feed.replaced(CHAT, 2, 'new');
    feed.reached(CHAT, 2, 'new');
    feed.offer(event(3), 'new');

    expect([feed.pop(), feed.pop(), feed.pop()]).toEqual([event(2), replaced('new'), null]);
    expect(feed.behind()).toEqual({ chat: CHAT, after: 0, known: 3 });
  });

  test('that knows the new history already is told nothing', () => {
    const feed = begun(2, 'new');

    feed.replaced(CHAT, 3, 'new');

    expect([feed.pop(), feed.behind()]).toEqual([null, { chat: CHAT, after: 2, known: 3 }]);
  });

  test('with a position beyond the head is told of another history', () => {
    const feed = begun(9);

    feed.replaced(CHAT, 3, 'e');

    expect([feed.pop(), feed.behind()]).toEqual([replaced('e'), { chat: CHAT, after: 0, known: 3 }]);
  });
});

/** A history that grows, a listener that takes what it likes, and a line that may leave events out. */
class Listening {
  readonly #feed = begun(0, 'e', 3);
  readonly #taken: number[] = [];
  #head = 0;

  readonly rules: readonly Rule[] = [
    { act: (random) => this.#grow(random.between(1, 5), random.next() < 0.5) },
    { act: (random) => this.#take(random.between(1, 4)) },
    { act: (random) => this.#take(random.between(1, 4)) },
  ];

  /** Events come once and in order, and memory is bounded. */
  check(): void {
    expect(this.#taken).toEqual(Array.from(this.#taken, (_, index) => index + 1));
    expect(this.#feed.size).toBeLessThanOrEqual(4);
  }

  end(): void {
    for (let step = 0; step < 3 * this.#head + 3; step += 1) this.#take(4);
    this.check();
    expect(this.#taken).toHaveLength(this.#head);
  }

  #grow(count: number, isHeard: boolean): void {
    for (let grown = 0; grown < count; grown += 1) {
      this.#head += 1;
      if (isHeard) this.#feed.offer(event(this.#head), 'e');
    }
    if (!isHeard) this.#feed.reached(CHAT, this.#head, 'e');
  }

  #take(size: number): void {
    const item = this.#feed.pop();
    if (item !== null) {
      this.#taken.push(item.seq);
      return;
    }
    const behind = this.#feed.behind();
    if (behind === null) return;
    const page = events(behind.after + 1, Math.min(this.#head, behind.after + size));
    this.#feed.read(behind, { events: page, epoch: 'e' });
  }
}

test('whatever the line leaves out, a listener gets each event once and in order', () => {
  for (const seed of seeds(200)) {
    const listening = new Listening();
    try {
      walk(seed, 50, listening.rules, () => listening.check());
      listening.end();
    } catch (cause) {
      throw new Error(`with seed ${seed}: ${String(cause)}`, { cause });
    }
  }
});
