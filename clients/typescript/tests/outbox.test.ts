import { describe, expect, test } from 'vitest';
import { TenfourError } from '../src/errors';
import { MESSAGES_MAX, Outbox, type Entry } from '../src/outbox';
import { seeds, walk, type Rule } from './random';

const [A, B] = ['a', 'b'];
const anywhere = (): boolean => true;

function entry(key: string, chat = A): Entry {
  return { chat, key, text: `text of ${key}`, replyTo: null, tried: false };
}

function outbox(keys: Iterable<string>, inFlightMax = 50): Outbox {
  const made = new Outbox(inFlightMax);
  made.connected(1_000, 0);
  for (const key of keys) made.add(entry(key));
  return made;
}

function keys(entries: Iterable<Entry>): string[] {
  return [...entries].map((each) => each.key);
}

describe('the outbox', () => {
  test('gives messages out in the order of writing, and only once', () => {
    const box = outbox('123');

    expect(keys(box.take(0, anywhere))).toEqual(['1', '2', '3']);
    expect(box.take(0, anywhere)).toEqual([]);
  });

  test('lets chats take turns', () => {
    const box = outbox(['a1', 'a2']);
    for (const key of ['b1', 'b2']) box.add(entry(key, B));

    expect(keys(box.take(0, anywhere))).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  test('has no more than the limit on their way in a chat', () => {
    const box = outbox('123456', 2);

    const first = keys(box.take(0, anywhere));
    box.answered(A, '1');
    const then = keys(box.take(0, anywhere));

    expect([first, then]).toEqual([['1', '2'], ['3']]);
  });

  test('lets a chat wait that may not send yet, and not the others', () => {
    const box = outbox(['a1']);
    box.add(entry('b1', B));

    expect(keys(box.take(0, (chat) => chat === B))).toEqual(['b1']);
    expect(keys(box.take(0, anywhere))).toEqual(['a1']);
  });

  test('sends what was not answered when the line was cut again, from the oldest', () => {
    const box = outbox('123');
    box.take(0, anywhere);
    box.answered(A, '2');

    box.disconnected();
    box.add(entry('4'));

    expect(keys(box.take(0, anywhere))).toEqual(['1', '3', '4']);
  });

  test('holds the chat of a refusal that may be repeated, and begins with the oldest', () => {
    const box = outbox('123');
    box.add(entry('b1', B));
    box.take(0, anywhere);
    box.answered(A, '1');

    box.hold(A, '2', 5_000);
    box.add(entry('4'));
    box.add(entry('b2', B));
    const meanwhile = keys(box.take(4_900, anywhere));
    const due = box.nextAt(anywhere);
    const then = keys(box.take(5_000, anywhere));

    expect([meanwhile, due, then]).toEqual([['b2'], 5_000, ['2', '3', '4']]);
  });

  test('lengthens the wait by later refusals of the same round, and changes no order', () => {
    const box = outbox('123');
    box.take(0, anywhere);

    box.hold(A, '1', 5_000);
    box.hold(A, '2', 7_000);
    box.hold(A, '3', 6_000);

    expect(box.take(6_900, anywhere)).toEqual([]);
    expect(keys(box.take(7_000, anywhere))).toEqual(['1', '2', '3']);
  });

  test('is not held by a late refusal of what was acked meanwhile', () => {
    const box = outbox('12');
    box.take(0, anywhere);
    box.answered(A, '1');

    box.hold(A, '1', 100_000);
    box.add(entry('3'));

    expect(keys(box.take(0, anywhere))).toEqual(['3']);
  });

  test('is not held any more after a cut', () => {
    const box = outbox('1');
    box.take(0, anywhere);
    box.hold(A, '1', 100_000);

    box.disconnected();

    expect(keys(box.take(1_000, anywhere))).toEqual(['1']);
  });

  test('gives out no more than the server takes from one connection', () => {
    const box = outbox(
      Array.from({ length: 100 }, (_, number) => String(number)),
      1_000,
    );
    box.connected(20, 0);

    const burst = box.take(0, anywhere);
    const due = box.nextAt(anywhere);
    const second = box.take(1_000, anywhere);

    expect([burst.length, due, second.length]).toEqual([40, 50, 20]);
  });

  test('lets only that be taken back which was never written', () => {
    const box = outbox('12', 1);
    box.take(0, anywhere);
    box.disconnected();

    expect(box.withdraw(A, '1')).toBe(false);
    expect(box.withdraw(A, '2')).toBe(true);
    expect(box.withdraw(A, '2')).toBe(false);
    expect(keys(box)).toEqual(['1']);
  });

  test('holds so many messages and no more', () => {
    const box = outbox(Array.from({ length: MESSAGES_MAX }, (_, number) => String(number)));

    expect(() => box.add(entry('one more', B))).toThrow(TenfourError);
    expect(box.size).toBe(MESSAGES_MAX);
  });

  test('hands over what was given up, in order', () => {
    const box = outbox('123', 2);
    box.take(0, anywhere);

    const left = box.clear();

    expect([keys(left), box.size]).toEqual([['1', '2', '3'], 0]);
  });
});

/** A server that decides in order and refuses after a refusal (G9), over a line that is cut at any time. */
class Delivery {
  readonly #box = new Outbox(3);
  readonly #made: Record<string, number> = { [A]: 0, [B]: 0 };
  readonly #stored: Record<string, string[]> = { [A]: [], [B]: [] };
  #blocked = new Map<string, string>();
  #now = 0;
  #written: Entry[] = [];
  #answers: { readonly chat: string; readonly key: string; readonly isStored: boolean }[] = [];

  readonly rules: readonly Rule[] = [
    { act: (random) => this.#write(random.oneOf([A, B]), random.between(1, 6)) },
    { act: () => this.#send() },
    { act: (random) => this.#wait(10 + random.next() * 3_000) },
    { can: () => this.#written.length > 0, act: (random) => this.#decide(random.next() < 0.5) },
    { can: () => this.#written.length > 0, act: () => this.#decide(false) },
    { can: () => this.#answers.length > 0, act: () => this.#hear() },
    { act: () => this.#cut() },
  ];

  constructor() {
    this.#box.connected(10, this.#now);
  }

  /** Every message is stored once and in order, and none that is not stored is forgotten. */
  check(): void {
    for (const chat of [A, B]) {
      const stored = this.#storedIn(chat);
      expect(stored).toEqual(Array.from(stored, (_, number) => String(number)));
      const kept = new Set([...stored, ...keys([...this.#box].filter((each) => each.chat === chat))]);
      expect(kept.size).toBe(this.#made[chat]);
    }
  }

  /** With a server that takes everything, everything is stored. */
  end(): void {
    const made = (this.#made[A] ?? 0) + (this.#made[B] ?? 0);
    for (let step = 0; step < 10 * (made + this.#written.length + this.#answers.length + 1); step += 1) {
      this.#wait(1_000);
      this.#send();
      this.#decide(false);
      this.#hear();
    }
    expect(this.#storedIn(A).length + this.#storedIn(B).length).toBe(made);
    expect(this.#box.size).toBe(0);
  }

  #storedIn(chat: string): string[] {
    return (this.#stored[chat] ??= []);
  }

  #write(chat: string, count: number): void {
    for (let written = 0; written < count; written += 1) {
      const number = this.#made[chat] ?? 0;
      this.#box.add(entry(String(number), chat));
      this.#made[chat] = number + 1;
    }
  }

  #send(): void {
    this.#written.push(...this.#box.take(this.#now, anywhere));
  }

  #wait(ms: number): void {
    this.#now += ms;
  }

  #decide(refuses: boolean): void {
    const message = this.#written.shift();
    if (message === undefined) return;
    const { chat, key } = message;
    if (this.#blocked.get(chat) === key) this.#blocked.delete(chat);
    const stored = this.#storedIn(chat);
    const isRefused = !stored.includes(key) && (refuses || this.#blocked.has(chat));
    if (isRefused && !this.#blocked.has(chat)) this.#blocked.set(chat, key);
    if (!isRefused && !stored.includes(key)) stored.push(key);
    this.#answers.push({ chat, key, isStored: !isRefused });
  }

  #hear(): void {
    const answer = this.#answers.shift();
    if (answer === undefined) return;
    if (answer.isStored) this.#box.answered(answer.chat, answer.key);
    else this.#box.hold(answer.chat, answer.key, this.#now + 1_000);
  }

  #cut(): void {
    this.#written = [];
    this.#answers = [];
    this.#blocked = new Map();
    this.#box.disconnected();
    this.#box.connected(10, this.#now);
  }
}

test('whatever is refused and cut, each message is stored once and in the order of its chat', () => {
  for (const seed of seeds(200)) {
    const delivery = new Delivery();
    try {
      walk(seed, 50, delivery.rules, () => delivery.check());
      delivery.end();
    } catch (cause) {
      throw new Error(`with seed ${seed}: ${String(cause)}`, { cause });
    }
  }
});
