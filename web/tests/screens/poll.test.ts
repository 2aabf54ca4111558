import { expect, test } from 'vitest';
import { Problem, Unreachable } from '../../src/lib/api';
import { Poll, type Seen } from '../../src/screens/admin/poll.svelte';
import { HandClock } from '../state/clock';

class Page extends EventTarget implements Seen {
  visibilityState: DocumentVisibilityState = 'visible';

  turn(to: DocumentVisibilityState): void {
    this.visibilityState = to;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** Answers in the order in which a test gives them. */
class Answers {
  readonly signals: AbortSignal[] = [];
  #waiting: ((answer: Promise<number>) => void)[] = [];

  readonly ask = (signal: AbortSignal): Promise<number> => {
    this.signals.push(signal);
    return new Promise((resolve) => this.#waiting.push(resolve));
  };

  async give(answer: number | Error): Promise<void> {
    this.#waiting.shift()?.(typeof answer === 'number' ? Promise.resolve(answer) : Promise.reject(answer));
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

function started() {
  const [answers, clock, page] = [new Answers(), new HandClock(), new Page()];
  return { answers, clock, page, poll: new Poll(answers.ask, 4_000, clock, page) };
}

test('it asks at once, and again when the time has passed since the answer', async () => {
  const { answers, clock, poll } = started();
  expect(poll.state.is).toBe('loading');

  await answers.give(1);
  clock.turn(3_999);
  expect(answers.signals).toHaveLength(1);
  clock.turn(1);
  await answers.give(2);

  expect(answers.signals).toHaveLength(2);
  expect(poll.value).toBe(2);
});

test('nothing is asked while the page is hidden, and at once when it is seen again', async () => {
  const { answers, clock, page } = started();
  await answers.give(1);

  page.turn('hidden');
  clock.turn(60_000);
  expect(answers.signals).toHaveLength(1);
  page.turn('visible');

  expect(answers.signals).toHaveLength(2);
});

test('an answer that comes while the page is hidden is kept, and nothing follows it', async () => {
  const { answers, clock, page, poll } = started();

  page.turn('hidden');
  await answers.give(1);
  clock.turn(60_000);

  expect(poll.value).toBe(1);
  expect(answers.signals).toHaveLength(1);
});

test('what was known stays where an answer does not come, and says so', async () => {
  const { answers, clock, poll } = started();
  await answers.give(1);
  clock.turn(4_000);

  await answers.give(new Unreachable('unreachable'));

  expect(poll.state).toMatchObject({ is: 'known', value: 1, trouble: { title: expect.any(String) as string } });
  clock.turn(4_000);
  await answers.give(3);
  expect(poll.state).toMatchObject({ is: 'known', value: 3, trouble: null });
});

test('whoever may not see it any more is shown nothing of what was known', async () => {
  const { answers, clock, poll } = started();
  await answers.give(1);
  clock.turn(4_000);

  await answers.give(new Problem('forbidden', 403, 'no', 'ask'));

  expect(poll.state).toMatchObject({ is: 'failed', forbidden: true });
});

test('a new question takes the place of one that is under way', async () => {
  const { answers, poll } = started();

  void poll.refresh();
  await answers.give(1);
  expect(answers.signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  expect(poll.state.is).toBe('loading');
  await answers.give(2);

  expect(poll.value).toBe(2);
});

test('after its end it asks nothing and hears nothing', async () => {
  const { answers, clock, page, poll } = started();
  await answers.give(1);

  poll.dispose();
  page.turn('hidden');
  page.turn('visible');
  clock.turn(60_000);

  expect(answers.signals).toHaveLength(1);
  expect(clock.bells).toBe(0);
});
