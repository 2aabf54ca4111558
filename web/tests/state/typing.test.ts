import { describe, expect, test } from 'vitest';
import { TypingHeard, TypingTold } from '../../src/state/typing.svelte';
import { HandClock } from './clock';

describe('who types', () => {
  test('is forgotten 7 s after the last word of them', () => {
    const clock = new HandClock();
    const typing = new TypingHeard(clock);
    typing.heard('ann', 7_000);
    clock.turn(4_000);
    typing.heard('ann', 7_000);

    clock.turn(6_999);
    const before = typing.users;
    clock.turn(1);

    expect(before).toEqual(['ann']);
    expect(typing.users).toEqual([]);
    expect(clock.bells).toBe(0);
  });

  test('is in the order in which they began, however often they are told of', () => {
    const clock = new HandClock();
    const typing = new TypingHeard(clock);

    typing.heard('ann', 7_000);
    typing.heard('bob', 7_000);
    typing.heard('ann', 7_000);

    expect(typing.users).toEqual(['ann', 'bob']);
  });

  test('ends with the message, and where they say so', () => {
    const clock = new HandClock();
    const typing = new TypingHeard(clock);
    typing.heard('ann', 7_000);
    typing.heard('bob', 7_000);

    typing.stopped('ann');
    typing.heard('bob', 0);

    expect(typing.users).toEqual([]);
    expect(clock.bells).toBe(0);
  });
});

describe('telling that one types', () => {
  function telling() {
    const clock = new HandClock();
    const told: string[] = [];
    const typing = new TypingTold(clock, (active) => told.push(`${clock.now()} ${active}`));
    return { clock, told, typing };
  }

  test('begins with the first key and is repeated at most every 3 s', () => {
    const { clock, told, typing } = telling();

    for (let at = 0; at <= 7_000; at += 500) {
      typing.pressed();
      clock.turn(500);
    }

    expect(told).toEqual(['0 true', '3000 true', '6000 true']);
  });

  test('stops after 5 s without a key, once', () => {
    const { clock, told, typing } = telling();
    typing.pressed();

    clock.turn(20_000);

    expect(told).toEqual(['0 true', '5000 false']);
    expect(clock.bells).toBe(0);
  });

  test('says nothing more where the message was sent: that says it', () => {
    const { clock, told, typing } = telling();
    typing.pressed();

    typing.sent();
    clock.turn(20_000);

    expect(told).toEqual(['0 true']);
  });

  test('stops at once where the text was removed, and begins anew', () => {
    const { told, typing } = telling();
    typing.pressed();

    typing.stop();
    typing.stop();
    typing.pressed();

    expect(told).toEqual(['0 true', '0 false', '0 true']);
  });
});
