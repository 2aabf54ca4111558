/** The connection's steps: what each input does in each status. */

import { describe, expect, test } from 'vitest';
import { ABNORMAL, Connection, type Effect, type Status } from '../src/connection';
import { FAILURES, type ErrorCode, type Retry } from '../src/generated/errors';
import type { Ack, Subscribe } from '../src/generated/frames';
import { ANN, CHAT, OTHER, error, event, goodbye, joined, left, reset, synced, welcome } from './frames';

const ALL = '/api/v1/ws';
const ack: Ack = { type: 'ack', chat: CHAT, key: 'k', seq: 6, id: 'm', at: 'now', duplicate: false };

function fresh(random = 0.5): Connection {
  return new Connection(() => random);
}

function started(now = 0): Connection {
  const made = fresh();
  made.start(now);
  return made;
}

function connected(heads: Readonly<Record<string, number>> = {}, now = 0): Connection {
  const made = started(now);
  made.heard(welcome('e', heads), now);
  return made;
}

/** Connected, and its chat live at a seq. */
function live(seq = 5): Connection {
  const made = connected();
  made.follow(new Map([[CHAT, seq]]));
  made.heard(synced('s1', seq), 0);
  return made;
}

function comeBack(
  connection: Connection,
  now: number,
  epoch = 'e',
  heads: Readonly<Record<string, number>> = {},
): Effect[] {
  connection.online(now);
  return connection.heard(welcome(epoch, heads), now);
}

function subscribes(effects: readonly Effect[]): Subscribe[] {
  return effects.flatMap((each) => (each.is === 'transmit' && each.frame.type === 'subscribe' ? [each.frame] : []));
}

function subscribe(id: string, chats: Subscribe['chats'], epoch = 'e', rest = false): Subscribe {
  return { type: 'subscribe', id, chats, epoch, rest };
}

function statusIn(effects: readonly Effect[]): Status {
  const [only, ...more] = effects.flatMap((each) => (each.is === 'changed' ? [each.status] : []));
  if (only === undefined || more.length > 0) throw new Error(`not one change of status: ${JSON.stringify(effects)}`);
  return only;
}

/** How long it waits now. */
function waitMs(effects: readonly Effect[], now: number): number {
  const status = statusIn(effects);
  if (status.is !== 'waiting') throw new Error(`it is ${status.is}`);
  return status.retryAt - now;
}

function seqs(effects: readonly Effect[]): number[] {
  return effects.flatMap((each) => (each.is === 'happened' ? [each.frame.seq] : []));
}

function codesWith(...retries: Retry[]): ErrorCode[] {
  const codes = Object.keys(FAILURES) as ErrorCode[];
  return codes.filter((code) => retries.includes(FAILURES[code].retry));
}

describe('coming and going', () => {
  test('start opens, and only welcome connects', () => {
    const connection = fresh();

    const began = connection.start(10_000);
    const early = connection.heard(event(1), 10_500);
    const atWelcome = connection.heard(welcome(), 11_000);

    expect(began).toEqual([
      { is: 'changed', status: { is: 'connecting', since: 10_000 } },
      { is: 'open', newToken: false, path: ALL },
    ]);
    expect(early).toEqual([]);
    expect(atWelcome).toEqual([
      { is: 'changed', status: { is: 'connected', since: 11_000, connection: 'c1', heartbeatMs: 25_000 } },
      { is: 'told', frame: welcome() },
    ]);
  });

  test.each([
    ['connecting', started],
    ['connected', live],
  ])('a second start does nothing to a connection that is %s', (_, make) => {
    const connection = make();
    const before = connection.status;

    expect(connection.start(1_000)).toEqual([]);
    expect(connection.status).toEqual(before);
  });

  test('a second welcome changes nothing', () => {
    const connection = live();

    expect(connection.heard(welcome('other'), 1_000)).toEqual([]);
    expect(connection.epoch).toBe('e');
  });

  test('stop closes, and nothing is due any more', () => {
    const connection = live();

    expect(connection.stop()).toEqual([
      { is: 'changed', status: { is: 'idle' } },
      { is: 'shut', code: 1000 },
    ]);
    expect(connection.nextTickAt()).toBeNull();
    expect(connection.closed(1000, '', 1_000)).toEqual([]);
    expect(connection.heard(event(6), 1_000)).toEqual([]);
  });

  test('an attempt without welcome is given up after 15 s, by name', () => {
    const connection = started(100_000);

    expect(connection.nextTickAt()).toBe(115_000);
    expect(connection.ticked(114_900)).toEqual([]);
    expect(connection.ticked(115_000)).toEqual([
      { is: 'shut', code: ABNORMAL },
      { is: 'changed', status: { is: 'waiting', retryAt: 115_000, why: 'connect_timeout' } },
    ]);
  });

  test('the first return is at once, and later ones have full jitter after the cap', () => {
    const connection = started();
    const waits: number[] = [];
    let now = 0;
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const wait = waitMs(connection.unreachable('unreachable', now), now);
      waits.push(wait);
      now += wait;
      expect(connection.ticked(now)).toContainEqual({ is: 'open', newToken: false, path: ALL });
    }

    expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  test('a connection that did its work makes the next return at once again', () => {
    const connection = started();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      connection.unreachable('unreachable', 0);
      connection.online(0);
    }
    connection.heard(welcome(), 0);
    connection.heard(ack, 0);

    expect(waitMs(connection.closed(ABNORMAL, '', 1_000), 1_000)).toBe(0);
  });

  test('a server that welcomes and hangs up again and again is not asked in a tight loop', () => {
    const connection = started();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      connection.heard(welcome(), 0);
      waits.push(waitMs(connection.closed(ABNORMAL, '', 0), 0));
      connection.online(0);
    }

    expect(waits).toEqual([0, 500, 1_000, 2_000]);
  });

  test('a connection that lived long enough counts as good', () => {
    const connection = connected();
    connection.closed(ABNORMAL, '', 10_000);
    comeBack(connection, 10_000);

    expect(waitMs(connection.closed(ABNORMAL, '', 10_000), 10_000)).toBe(0);
  });

  test('the network coming back ends the wait and nothing else', () => {
    const waiting = started();
    waiting.unreachable('unreachable', 0);

    expect(statusIn(waiting.online(100))).toEqual({ is: 'connecting', since: 100 });
    expect(live().online(1_000)).toEqual([]);
    expect(fresh().online(1_000)).toEqual([]);
  });
});

describe('what the end of a socket means', () => {
  test.each([0, 1_840, 60_000])('a goodbye names when to come back: after %d ms', (afterMs) => {
    const connection = live();
    connection.heard(goodbye(1012, 'restart', true, afterMs), 1_000);

    const status = statusIn(connection.closed(1012, 'restart: The server restarts', 2_000));

    expect(status).toEqual({ is: 'waiting', retryAt: 2_000 + afterMs, why: 'restart' });
  });

  test('a goodbye counts where the close frame was lost', () => {
    const connection = live();
    connection.heard(goodbye(4409, 'replaced', false), 1_000);

    const status = statusIn(connection.closed(ABNORMAL, '', 1_000));

    expect(status).toEqual({ is: 'refused', code: 'replaced', detail: 'replaced' });
  });

  test('a goodbye of a kind that this version does not know is believed', () => {
    const [stay, back] = [live(), live()];
    stay.heard(goodbye(4499, 'account_moved', false), 1_000);
    back.heard(goodbye(4499, 'account_moving', true, 500), 1_000);

    expect(statusIn(stay.closed(4499, 'account_moved: Elsewhere', 1_000))).toMatchObject({
      is: 'refused',
      code: 'account_moved',
    });
    expect(statusIn(back.closed(4499, 'account_moving: Soon', 1_000))).toMatchObject({
      retryAt: 1_500,
      why: 'account_moving',
    });
  });

  test.each(codesWith('never'))('%s says no: it never comes back by itself', (code) => {
    const connection = live();

    const status = statusIn(connection.closed(4999, `${code}: A sentence`, 1_000));

    expect(status).toEqual({ is: 'refused', code, detail: 'A sentence' });
    expect(connection.nextTickAt()).toBeNull();
    expect(connection.ticked(1e12)).toEqual([]);
    expect(connection.online(1e12)).toEqual([]);
  });

  test.each(codesWith('after_delay', 'at_once'))('%s may be repeated: it comes back', (code) => {
    expect(statusIn(live().closed(4999, `${code}: A sentence`, 1_000))).toEqual({
      is: 'waiting',
      retryAt: 1_000,
      why: code,
    });
  });

  test.each(codesWith('with_new_token'))('%s: the token is replaced once, and then it stops', (code) => {
    const connection = started();

    const first = connection.closed(4999, `${code}: A sentence`, 1_000);
    const second = connection.closed(4999, `${code}: A sentence`, 2_000);
    const byHand = connection.start(3_000);

    expect(first).toContainEqual({ is: 'open', newToken: true, path: ALL });
    expect(statusIn(second)).toEqual({ is: 'refused', code, detail: 'A sentence' });
    expect(byHand).toContainEqual({ is: 'open', newToken: true, path: ALL });
  });

  test('a welcome in between allows another new token', () => {
    const connection = started();
    connection.closed(4401, 'token_expired: x', 1_000);
    connection.heard(welcome(), 2_000);

    expect(connection.closed(4401, 'token_expired: x', 3_000)).toContainEqual({
      is: 'open',
      newToken: true,
      path: ALL,
    });
  });

  test.each([1000, 1001, 1002, 1005, 1006, 1009, 1011, 3000, 4000, 4999])(
    'close code %d alone comes back with back-off',
    (code) => {
      expect(statusIn(live().closed(code, 'whatever a proxy says', 1_000))).toEqual({
        is: 'waiting',
        retryAt: 1_000,
        why: `closed_${code}`,
      });
    },
  );

  test.each([
    [4400, 'refused'],
    [4401, 'connecting'],
    [4403, 'refused'],
    [4404, 'refused'],
    [4408, 'waiting'],
    [4409, 'refused'],
    [4410, 'waiting'],
    [4429, 'waiting'],
    [4500, 'waiting'],
    [4503, 'waiting'],
  ])('close code %d whose reason was lost: it is %s', (code, is) => {
    expect(statusIn(live().closed(code, '', 1_000)).is).toBe(is);
  });

  test('an upgrade that was refused by name says whether to come back', () => {
    const [full, foreign, proxy] = [started(), started(), started()];

    const ends = [
      full.unreachable('too_many_connections', 1_000, { retryAfterMs: 5_000 }),
      foreign.unreachable('not_found', 1_000, { detail: 'No WebSocket is here.' }),
      proxy.unreachable('http_502', 1_000),
    ];

    expect(ends.map(statusIn)).toEqual([
      { is: 'waiting', retryAt: 6_000, why: 'too_many_connections' },
      { is: 'refused', code: 'not_found', detail: 'No WebSocket is here.' },
      { is: 'waiting', retryAt: 1_000, why: 'http_502' },
    ]);
  });

  test('a reader that was too slow twice in a minute waits longer', () => {
    const connection = live();
    const waits: number[] = [];
    for (const now of [10_000, 40_000, 200_000]) {
      waits.push(waitMs(connection.closed(4408, 'slow_reader: Too slow', now), now));
      comeBack(connection, now);
      connection.heard(synced(connection.places.get(CHAT)?.subscribeId ?? null, 5), now);
    }

    expect(waits).toEqual([0, 10_000, 0]);
  });
});

describe('silence', () => {
  test('a heartbeat and ten seconds of it is a dead line', () => {
    const connection = connected({}, 100_000);
    connection.touched(120_000);

    expect(connection.nextTickAt()).toBe(155_000);
    expect(connection.ticked(154_900)).toEqual([]);
    expect(connection.ticked(155_000)).toEqual([
      { is: 'shut', code: ABNORMAL },
      { is: 'changed', status: { is: 'waiting', retryAt: 155_000, why: 'closed_1006' } },
    ]);
    expect(connection.cuts).toEqual([{ code: ABNORMAL, ageMs: 55_000, silentMs: 35_000 }]);
  });

  test('a ping frame is answered and counts as life', () => {
    const connection = connected({}, 100_000);

    expect(connection.heard({ type: 'ping', id: 'p' }, 130_000)).toEqual([
      { is: 'transmit', frame: { type: 'pong', id: 'p' } },
    ]);
    expect(connection.nextTickAt()).toBe(165_000);
  });

  test("the same age again and again names a proxy's limit, and a goodbye does not count", () => {
    const connection = live();
    for (const [began, heard] of [
      [0, 55_000],
      [100_000, 144_000],
      [200_000, 230_000],
    ] as const) {
      connection.touched(heard);
      connection.closed(ABNORMAL, '', began + 60_000);
      comeBack(connection, began + 100_000);
    }
    connection.closed(1012, 'restart: x', 301_000);

    expect(connection.timeLimit).toEqual({ of: 'age', ms: 60_000 });
    expect(connection.cuts).toHaveLength(3);
  });

  test('a token that expires is renewed on the open connection', () => {
    const frame = { type: 'token_expiring', expires_at: 'soon' } as const;

    expect(live().heard(frame, 1_000)).toEqual([{ is: 'renewToken' }, { is: 'told', frame }]);
  });
});

describe('following', () => {
  test('events are passed on once and in order', () => {
    const connection = live(5);

    const effects = [6, 6, 7, 5, 7, 8].flatMap((seq) => connection.heard(event(seq), 1_000));

    expect(effects).toEqual([6, 7, 8].map((seq) => ({ is: 'happened', frame: event(seq) })));
    expect(connection.places.get(CHAT)?.seq).toBe(8);
  });

  test('an event of a kind that is not known moves the position', () => {
    const connection = live(5);
    const other = { type: 'other_event', kind: 'poll_opened', chat: CHAT, seq: 6 } as const;

    expect(connection.heard(other, 1_000)).toEqual([{ is: 'happened', frame: other }]);
    expect(seqs(connection.heard(event(7), 1_000))).toEqual([7]);
  });

  test('an ack never moves the position', () => {
    const connection = live(5);

    connection.heard(ack, 1_000);
    connection.closed(ABNORMAL, '', 2_000);

    expect(subscribes(comeBack(connection, 2_000))).toEqual([subscribe('s2', { [CHAT]: 5 })]);
  });

  test('a chat without position begins at the head of welcome, and resumes from there', () => {
    const connection = connected({ [CHAT]: 57 });

    const first = subscribes(connection.follow(new Map([[CHAT, null]])));
    connection.closed(ABNORMAL, '', 1_000);
    const again = subscribes(comeBack(connection, 1_000, 'e', { [CHAT]: 60 }));

    expect([...first, ...again].map((each) => each.chats)).toEqual([{ [CHAT]: null }, { [CHAT]: 57 }]);
  });

  test('a gap makes the chat be asked for again from its position, and only once', () => {
    const connection = live(5);

    const atGap = connection.heard(event(8), 1_000);
    const late = [9, 10].flatMap((seq) => connection.heard(event(seq), 1_000));
    const replayed = [6, 7, 8, 9, 10].flatMap((seq) => connection.heard(event(seq), 1_000));
    connection.heard(synced('s2', 10), 1_000);

    expect(atGap).toEqual([{ is: 'transmit', frame: subscribe('s2', { [CHAT]: 5 }) }]);
    expect(late).toEqual([]);
    expect(seqs(replayed)).toEqual([6, 7, 8, 9, 10]);
    expect(connection.maySend(CHAT)).toBe(true);
  });

  test('a replay that ends beyond what came is a gap too', () => {
    const connection = connected();
    connection.follow(new Map([[CHAT, 5]]));

    expect(subscribes(connection.heard(synced('s1', 7), 1_000))).toEqual([subscribe('s2', { [CHAT]: 5 })]);
    expect(connection.maySend(CHAT)).toBe(false);
  });

  test('a gap that no replay closes ends the connection', () => {
    const connection = live(5);

    connection.heard(event(8), 1_000);
    connection.heard(synced('s2', 8), 1_000);
    const effects = connection.heard(synced('s3', 8), 1_000);

    expect(effects).toContainEqual({ is: 'shut', code: ABNORMAL });
    expect(connection.status.is).toBe('waiting');
  });

  test('a replay that stands still is asked for again', () => {
    const connection = connected({}, 100_000);
    connection.follow(new Map([[CHAT, 5]]));
    connection.heard(event(6), 130_000);
    connection.touched(159_000);

    expect(connection.ticked(160_000)).toEqual([]);
    connection.touched(219_000);
    expect(subscribes(connection.ticked(220_000))).toEqual([subscribe('s2', { [CHAT]: 6 })]);
  });

  test("a jump is believed at one's own joining only", () => {
    const [own, other] = [live(5), live(5)];

    own.heard(joined(20, ANN), 1_000);
    const asked = subscribes(other.heard(joined(20, 'bob'), 1_000));

    expect(asked).toHaveLength(1);
    expect([own, other].map((each) => each.places.get(CHAT)?.seq)).toEqual([20, 5]);
  });

  test('what carries an older subscribe id is dropped', () => {
    const connection = live(5);
    connection.heard(event(8), 1_000);

    expect(connection.heard(synced('s1', 5), 1_000)).toEqual([]);
    expect(connection.heard(reset('s1', 50), 1_000)).toEqual([]);
    expect(connection.places.get(CHAT)).toMatchObject({ seq: 5, live: false });
  });

  test('a reset in the same history names what has to be read', () => {
    const connection = live(5);

    expect(connection.heard(reset('s1', 2_000), 1_000)).toEqual([
      { is: 'lost', chat: CHAT, after: 5, head: 2_000, newHistory: false },
      { is: 'told', frame: reset('s1', 2_000) },
    ]);
    expect(seqs(connection.heard(event(2_001), 1_000))).toEqual([2_001]);
  });

  test('a reset to a head before the position is another history', () => {
    expect(live(5).heard(reset('s1', 3), 1_000)).toContainEqual({
      is: 'lost',
      chat: CHAT,
      after: 0,
      head: 3,
      newHistory: true,
    });
  });

  test('each chat learns of a new epoch by its own reset', () => {
    const connection = connected();
    connection.follow(
      new Map([
        [CHAT, 5],
        [OTHER, 9],
      ]),
    );
    connection.heard(synced('s1', 5), 0);
    connection.heard(synced('s1', 9, OTHER), 0);
    connection.closed(ABNORMAL, '', 1_000);

    const asked = subscribes(comeBack(connection, 1_000, 'new'));
    const first = connection.heard(reset('s2', 30, CHAT, 'new'), 1_000);
    connection.closed(ABNORMAL, '', 2_000);
    const askedAgain = subscribes(comeBack(connection, 2_000, 'new'));
    const second = connection.heard(reset('s4', 40, OTHER, 'new'), 2_000);

    expect(asked).toEqual([subscribe('s2', { [CHAT]: 5, [OTHER]: 9 })]);
    expect(askedAgain).toEqual([subscribe('s3', { [CHAT]: 30 }, 'new'), subscribe('s4', { [OTHER]: 9 })]);
    expect(first).toContainEqual({ is: 'lost', chat: CHAT, after: 0, head: 30, newHistory: true });
    expect(second).toContainEqual({ is: 'lost', chat: OTHER, after: 0, head: 40, newHistory: true });
  });

  test('a position may come with the epoch that it was got in', () => {
    expect(subscribes(connected().follow(new Map([[CHAT, 5]]), { epoch: 'old' }))).toEqual([
      subscribe('s1', { [CHAT]: 5 }, 'old'),
    ]);
  });

  test('a refused subscribe gives the chat up by name', () => {
    const connection = connected();
    connection.follow(
      new Map([
        [CHAT, null],
        [OTHER, null],
      ]),
    );
    const refusal = error('not_a_member', { id: 's1', chat: CHAT });

    expect(connection.heard(refusal, 1_000)).toEqual([
      { is: 'unfollowed', chat: CHAT, code: 'not_a_member', detail: 'Because.' },
      { is: 'told', frame: refusal },
    ]);
    expect([...connection.places.keys()]).toEqual([OTHER]);
    expect(connection.maySend(CHAT)).toBe(true); // and the server says why not
  });

  test('a subscribe refused with a code that is not known is refused for good', () => {
    const connection = live(5);
    connection.follow(new Map([[OTHER, 3]]));

    const effects = connection.heard(error('moonphase', { id: 's2' }), 1_000);

    expect(effects).toContainEqual({ is: 'unfollowed', chat: OTHER, code: 'moonphase', detail: 'Because.' });
    expect([...connection.places.keys()]).toEqual([CHAT]);
  });

  test('a subscribe refused for now is repeated after the given time', () => {
    const connection = live(5);
    connection.follow(new Map([[OTHER, 3]]), { rest: true });
    connection.heard(error('store_down', { id: 's2', retry_after_ms: 2_000 }), 10_000);

    expect(connection.nextTickAt()).toBe(12_000);
    expect(connection.ticked(11_900)).toEqual([]);
    expect(subscribes(connection.ticked(12_000))).toEqual([subscribe('s3', { [OTHER]: 3 }, 'e', true)]);
    expect(connection.ticked(12_100)).toEqual([]);
  });

  test("one's own leaving is the last event of the chat", () => {
    const connection = live(5);
    const { title } = FAILURES.removed_from_chat;

    expect(connection.heard(left(6, ANN), 1_000)).toEqual([
      { is: 'happened', frame: left(6, ANN) },
      { is: 'unfollowed', chat: CHAT, code: 'removed_from_chat', detail: title },
    ]);
    expect(connection.heard(event(7), 1_000)).toEqual([]);
  });

  test('an unfollowed chat is unsubscribed, and late events are dropped', () => {
    const connection = live(5);

    expect(connection.unfollow(CHAT)).toEqual([{ is: 'transmit', frame: { type: 'unsubscribe', chats: [CHAT] } }]);
    expect(connection.unfollow(CHAT)).toEqual([]);
    expect(connection.heard(event(6), 1_000)).toEqual([]);
    expect(connection.places.size).toBe(0);
  });

  test('the rest is followed from the heads of welcome, and what is joined from its first event', () => {
    const connection = connected({ [CHAT]: 7 });
    const asked = subscribes(connection.follow(new Map(), { rest: true }));

    const effects = [event(8), joined(12, ANN, OTHER), event(13, OTHER)].flatMap((frame) =>
      connection.heard(frame, 1_000),
    );
    connection.heard(synced('s1', 13, OTHER), 1_000);
    connection.closed(ABNORMAL, '', 2_000);
    const again = subscribes(comeBack(connection, 2_000));

    expect(asked).toEqual([subscribe('s1', {}, 'e', true)]);
    expect(seqs(effects)).toEqual([8, 12, 13]);
    expect(again).toEqual([subscribe('s2', { [CHAT]: 8, [OTHER]: 13 }, 'e', true)]);
    expect(connection.unfollow(CHAT)).toEqual([]);
  });

  test('a chat that the user has left is not waited for when the rest is asked for again', () => {
    const connection = connected({ [CHAT]: 7 });
    connection.follow(new Map(), { rest: true });
    connection.heard(left(8, ANN), 1_000);

    connection.heard(error('store_down', { id: 's1', retry_after_ms: 1_000 }), 1_000);
    const again = subscribes(connection.ticked(2_000));

    expect(again).toEqual([subscribe('s2', {}, 'e', true)]);
    expect(connection.places.size).toBe(0);
  });

  test('many chats are asked for in portions that the server takes', () => {
    const chats = new Map(Array.from({ length: 1_001 }, (_, index) => [String(index), index]));

    const asked = subscribes(connected().follow(chats, { rest: true }));

    expect(asked.map((each) => [Object.keys(each.chats).length, each.rest])).toEqual([
      [1_000, false],
      [1, true],
    ]);
  });

  test('messages of a followed chat wait until it is synced', () => {
    const connection = connected();
    connection.follow(new Map([[CHAT, 5]]));

    const before = [CHAT, OTHER].map((chat) => connection.maySend(chat));
    connection.heard(synced('s1', 5), 1_000);
    const after = connection.maySend(CHAT);
    connection.closed(ABNORMAL, '', 2_000);

    expect([before, after, connection.maySend(CHAT)]).toEqual([[false, true], true, false]);
  });
});

describe('the door of one chat', () => {
  const DOOR = `/api/v1/chats/${CHAT}/ws`;

  function pathIn(effects: readonly Effect[]): string | undefined {
    return effects.flatMap((each) => (each.is === 'open' ? [each.path] : []))[0];
  }

  function atDoor(after: number | null, epoch: string | null = null): Connection {
    const made = new Connection(() => 0.5, { onlyChat: CHAT });
    made.follow(new Map([[CHAT, after]]), { epoch });
    return made;
  }

  test('the position stands in the path, and nothing is subscribed', () => {
    const connection = atDoor(5, 'a b');

    const path = pathIn(connection.start(0));
    const atWelcome = connection.heard(welcome('a b', { [CHAT]: 6 }), 0);
    const replayed = connection.heard(event(6), 0);
    const before = connection.maySend(CHAT);
    connection.heard(synced(null, 6, CHAT, 'a b'), 0);

    expect(path).toBe(`${DOOR}?after=5&epoch=a%20b`);
    expect(subscribes(atWelcome)).toEqual([]);
    expect(seqs(replayed)).toEqual([6]);
    expect([before, connection.maySend(CHAT)]).toEqual([false, true]);
  });

  test('without a position it begins at the head, and comes back to where it was', () => {
    const connection = atDoor(null);

    const first = pathIn(connection.start(0));
    connection.heard(welcome('e', { [CHAT]: 5 }), 0);
    connection.heard(event(6), 0);
    connection.closed(ABNORMAL, '', 1_000);
    const second = pathIn(connection.online(1_000));

    expect([first, second]).toEqual([DOOR, `${DOOR}?after=6&epoch=e`]);
  });

  test('a position that is named while the door opens is subscribed', () => {
    const connection = atDoor(null);
    connection.start(0);

    connection.follow(new Map([[CHAT, 2]]));

    expect(subscribes(connection.heard(welcome('e', { [CHAT]: 5 }), 0))).toEqual([subscribe('s1', { [CHAT]: 2 })]);
    expect(connection.heard(synced(null, 5), 0)).toEqual([]);
  });

  test('a gap is closed by a subscribe', () => {
    const connection = atDoor(5);
    connection.start(0);
    connection.heard(welcome(), 0);
    connection.heard(synced(null, 5), 0);

    expect(subscribes(connection.heard(event(8), 0))).toEqual([subscribe('s1', { [CHAT]: 5 })]);
    expect(connection.heard(synced(null, 5), 0)).toEqual([]);
  });

  test('a reset of another history is told', () => {
    const connection = atDoor(5, 'old');
    connection.start(0);
    connection.heard(welcome('new'), 0);

    expect(connection.heard(reset(null, 9, CHAT, 'new'), 0)).toContainEqual({
      is: 'lost',
      chat: CHAT,
      after: 0,
      head: 9,
      newHistory: true,
    });
  });

  test('a replay that the store cannot give is asked for later, and another error means nothing for it', () => {
    const connection = atDoor(5);
    connection.start(0);
    connection.heard(welcome(), 0);
    connection.heard(error('unknown_type'), 0);
    connection.heard(error('store_down', { retry_after_ms: 2_000 }), 0);

    expect(connection.ticked(1_999)).toEqual([]);
    expect(subscribes(connection.ticked(2_000))).toEqual([subscribe('s1', { [CHAT]: 5 })]);
  });

  test('who is removed is told so, and the door stays closed', () => {
    const connection = atDoor(5);
    connection.start(0);
    connection.heard(welcome(), 0);
    connection.heard(synced(null, 5), 0);

    const effects = connection.heard(left(6, ANN), 0);
    const status = statusIn(connection.closed(4403, 'removed_from_chat: You left', 0));

    expect(effects).toContainEqual({
      is: 'unfollowed',
      chat: CHAT,
      code: 'removed_from_chat',
      detail: FAILURES.removed_from_chat.title,
    });
    expect(status).toEqual({ is: 'refused', code: 'removed_from_chat', detail: 'You left' });
  });
});
