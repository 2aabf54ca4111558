import { describe, expect, test } from 'vitest';
import { decode, encode, eventsOf } from '../src/codec';
import { EVENT_DEFAULTS, TOLD_DEFAULTS } from '../src/generated/frames';
import { CHAT, event, goodbye, welcome } from './frames';

describe('a frame of the server', () => {
  test('comes as it was said, with fields that this version does not know', () => {
    const frame = { ...welcome('e', { [CHAT]: 5 }), motd: 'Hello' };

    expect(decode(JSON.stringify(frame))).toEqual(frame);
  });

  test('has the defaults of what was left out', () => {
    const { type, chat, seq, at, by, id, key, text } = event(5);

    expect(decode(JSON.stringify({ type, chat, seq, at, by, id, key, text }))).toEqual(event(5));
    expect(decode('{"type":"goodbye","code":1012,"reason":"restart","reconnect":true}')).toEqual(
      goodbye(1012, 'restart', true),
    );
  });

  test('of a type that is not known is nothing', () => {
    expect(decode('{"type":"weather","chat":"c"}')).toBeNull();
    expect(decode('{"type":"toString"}')).toBeNull();
  });

  test('of a type that is not known, with a place in a chat, is an event', () => {
    const said = '{"type":"poll_opened","chat":"c","seq":7,"question":"Tea?"}';

    expect(decode(said)).toEqual({ type: 'other_event', kind: 'poll_opened', chat: 'c', seq: 7 });
  });

  test.each(Object.keys({ ...TOLD_DEFAULTS, ...EVENT_DEFAULTS }))('of type %s is known', (type) => {
    expect(decode(JSON.stringify({ type, chat: 'c', seq: 1 }))?.type).toBe(type);
  });

  test.each([
    '{"type":"message_sent","chat":"c"}',
    '{"type":"message_sent","chat":"c","seq":1.5}',
    '{"type":"message_sent","seq":1}',
  ])('is no event without its place: %s', (said) => {
    expect(decode(said)).toBeNull();
  });

  test.each(['', '{', 'null', '1', '"ack"', '[]', '{}', '{"type":1}'])('cannot be read: %j', (said) => {
    expect(() => decode(said)).toThrow(SyntaxError);
  });
});

test('a page of the history gives its events and nothing else', () => {
  const page = [
    event(1),
    { type: 'weather' },
    { type: 'poll_opened', chat: CHAT, seq: 2 },
    goodbye(1012, 'restart', true),
  ];

  expect(eventsOf(page).map((each) => each.seq)).toEqual([1, 2]);
});

test('what is sent is compact JSON', () => {
  expect(encode({ type: 'typing', active: true, chat: 'c' })).toBe('{"type":"typing","active":true,"chat":"c"}');
});
