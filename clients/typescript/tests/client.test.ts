/** The client over real sockets against a real server process. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { ClientClosed, ConnectionError, TenfourError, type Status, type ToldFrame } from '../src/index';
import { Client } from '../src/client';
import { MESSAGES_MAX } from '../src/outbox';
import { clientMaker, from, seqsOf, statusOf, take, takeUntil, textsOf, Told } from './clients';
import { Relay } from './relay';
import { noServer, Server, type Person } from './server';

const NO_CHAT = '01890a5d-ac96-774b-bcce-b302099a8057';
const NOBODY = 'http://127.0.0.1:9';

describe.skipIf(noServer !== null)(`a client and a server (${noServer ?? 'there'})`, () => {
  const make = clientMaker();
  let server: Server;
  let ann: Person;
  let bob: Person;
  let chat: string;
  let relay: Relay;

  beforeAll(async () => {
    server = await Server.start({ TENFOUR_REPLAY_EVENTS: '100' });
  });
  afterAll(() => server.end());
  beforeEach(async () => {
    [ann, bob] = await Promise.all([server.person('ann'), server.person('bob')]);
    chat = await ann.chat(bob);
    relay = await Relay.to(server.url);
  });
  afterEach(() => relay.close());

  describe('sending and hearing', () => {
    test('a message is acked and heard by every member', async () => {
      const [hers, his] = [make(server.url, ann.token), make(server.url, bob.token)];
      await Promise.all([hers.connected(), his.connected()]);
      const heard = [hers, his].map((client) => client.chat(chat).events());

      const ack = await hers.chat(chat).send('Hello');

      for (const events of heard) {
        const [event] = await take(events, 1);
        expect(event).toMatchObject({ type: 'message_sent', seq: ack.seq, id: ack.id, text: 'Hello', by: ann.id });
      }
    });

    test('nobody is connected before the server has said welcome', async () => {
      const told = new Told<Status>();
      const client = make(server.url, ann.token, { onStatus: told.note });

      expect(client.status.is).toBe('connecting');
      await client.connected();

      expect(client.welcome?.user.id).toBe(ann.id);
      expect(client.status).toMatchObject({ is: 'connected', connection: client.welcome?.connection });
    });

    test('nothing is called sent before its ack', async () => {
      const client = make(relay.url, ann.token);
      await client.connected();
      relay.freeze();
      let isSent = false;

      const sending = client
        .chat(chat)
        .send('Hello')
        .then(() => (isSent = true));
      await make(server.url, bob.token).connected();

      expect([isSent, client.waiting]).toEqual([false, 1]);
      relay.cut();
      await sending;
      expect(client.waiting).toBe(0);
    });

    test('messages are stored in the order in which they were sent', async () => {
      const client = make(server.url, ann.token);

      const acks = await Promise.all(from(1, 300).map((number) => client.chat(chat).send(String(number))));

      expect(seqsOf(acks)).toEqual(from(acks[0]?.seq ?? 0, (acks[0]?.seq ?? 0) + 299));
    });

    test('a key that is used again gives the same ack and one message', async () => {
      const room = make(server.url, ann.token).chat(chat);

      const [first, beside] = await Promise.all([room.send('Hello', { key: 'k1' }), room.send('Hello', { key: 'k1' })]);
      const later = await room.send('Hello', { key: 'k1' });

      expect(beside).toEqual(first);
      expect(later).toMatchObject({ seq: first.seq, duplicate: true });
      expect(textsOf((await room.history()).items)).toEqual(['Hello']);
    });

    test('a key on its way with another text is refused at once', async () => {
      const room = make(server.url, ann.token).chat(chat);
      const first = room.send('one', { key: 'k1' });

      await expect(room.send('two', { key: 'k1' })).rejects.toMatchObject({ code: 'key_reused' });
      await first;
    });

    test.each([
      ['', {}, 'text_empty'],
      ['x'.repeat(16_001), {}, 'text_too_long'],
      ['é'.repeat(40_000), {}, 'text_too_long'],
      ['nul\0', {}, 'text_invalid'],
      ['Hello', { key: 'two words' }, 'key_invalid'],
      ['Hello', { replyTo: NO_CHAT }, 'reply_unknown'],
    ])('a refused message (%#) fails with its code and costs nothing else', async (text, options, code) => {
      const client = make(server.url, ann.token);
      await client.connected();
      const { status } = client;

      await expect(client.chat(chat).send(text, options)).rejects.toMatchObject({ code });

      await client.chat(chat).send('next');
      expect(client.status).toBe(status);
      expect(client.waiting).toBe(0);
    });

    test('who is no member is told so by send and by events', async () => {
      const room = make(server.url, ann.token).chat(await bob.chat());

      await expect(room.send('Hello')).rejects.toMatchObject({ code: 'not_a_member' });
      await expect(room.events().next()).rejects.toMatchObject({ code: 'not_a_member' });
    });

    test('a chat that is not there is named', async () => {
      await expect(make(server.url, ann.token).chat(NO_CHAT).send('Hello')).rejects.toMatchObject({
        code: 'chat_unknown',
      });
    });

    test('history comes in pages both ways and around a seq', async () => {
      const room = make(server.url, ann.token).chat(chat);
      const acks = await Promise.all(from(0, 8).map((number) => room.send(String(number))));

      const newest = await room.history({ limit: 3 });
      const older = await room.history({ before: newest.items[0]?.seq ?? 0, limit: 3 });
      const around = await room.history({ around: acks[4]?.seq ?? 0, limit: 3 });
      const first = await room.history({ after: 0, limit: 3 });

      expect([newest, older, around, first].map(({ items }) => textsOf(items).join(''))).toEqual([
        '678',
        '345',
        '345',
        '012',
      ]);
      expect(newest).toMatchObject({ has_before: true, has_after: false });
      expect(first).toMatchObject({ has_before: false, has_after: true });
    });

    test('a page of a chat that one may not see is refused by name, with advice', async () => {
      const room = make(server.url, ann.token).chat(await bob.chat());

      const refused: unknown = await room.history().catch((cause: unknown) => cause);

      expect(refused).toBeInstanceOf(TenfourError);
      expect(refused).toMatchObject({ code: 'not_a_member', retry: 'never' });
      expect(refused instanceof TenfourError && refused.advice).toMatch(/\w/);
    });

    test('typing and receipts reach the other members', async () => {
      const told = new Told<ToldFrame>();
      const [hers, his] = [make(server.url, ann.token), make(server.url, bob.token, { onFrame: told.note })];
      const rooms = [hers.chat(chat), his.chat(chat)] as const;
      for (const room of rooms) room.events();
      await Promise.all(rooms.map((room) => room.synced()));
      const { seq } = await rooms[0].send('Hello');

      rooms[0].typing();
      rooms[0].delivered(seq - 1);
      rooms[0].read(seq);

      expect(await told.first((frame) => frame.type === 'typing')).toMatchObject({ chat, by: ann.id });
      const read = await told.first((frame) => frame.type === 'receipt' && frame.read === seq);
      expect(read).toMatchObject({ by: ann.id, delivered: seq });
    });
  });

  describe('following', () => {
    test('listeners with different positions each get their events once and in order', async () => {
      const room = make(server.url, ann.token).chat(chat);
      const head = (await room.send('first')).seq;
      const live = room.events({ after: head });
      await room.synced();
      const [start, before, now] = [room.events({ after: 0 }), room.events({ after: head - 1 }), room.events()];

      const last = (await room.send('last')).seq;

      expect(seqsOf(await take(live, last - head))).toEqual(from(head + 1, last));
      expect(seqsOf(await take(start, last))).toEqual(from(1, last));
      expect(seqsOf(await take(before, last - head + 1))).toEqual(from(head, last));
      expect(seqsOf(await takeUntil(now, 'last'))).toEqual(from(head + 1, last));
    });

    test('a position that never was is told to its listener and disturbs no other', async () => {
      const room = make(server.url, ann.token).chat(chat);
      const other = room.events({ after: 0 });
      await room.synced();

      const astray = room.events({ after: 1_000_000 });
      const [marker] = await take(astray, 1);
      const last = await room.send('last');

      expect(marker?.type).toBe('history_replaced');
      expect(seqsOf(await takeUntil(astray, 'last'))).toEqual(from(1, last.seq));
      expect(seqsOf(await takeUntil(other, 'last'))).toEqual(from(1, last.seq));
    });

    test('a listener may begin at an ack whose event has not come yet', async () => {
      const room = make(server.url, ann.token).chat(chat);
      room.events({ after: 0 });
      await room.synced();

      const begun = [];
      for (const number of from(1, 20)) {
        const { seq } = await room.send(String(number));
        begun.push({ seq, events: room.events({ after: seq }) });
      }
      const last = await room.send('last');

      for (const { seq, events } of begun)
        expect(seqsOf(await takeUntil(events, 'last'))).toEqual(from(seq + 1, last.seq));
    });

    test('a chat whose last listener has left its loop is unsubscribed', async () => {
      const told = new Told<ToldFrame>();
      const client = make(server.url, ann.token, { onFrame: told.note });
      const room = client.chat(chat);
      const [first, second] = [room.events({ after: 0 }), room.events()];
      await room.synced();

      for await (const event of first) if (event.seq === 1) break;
      await room.synced();
      second.close();
      room.typing(); // is for those who follow

      const refused = await told.first(({ type }) => type === 'error');
      expect(refused).toMatchObject({ code: 'not_subscribed' });
      await expect(room.synced()).rejects.toMatchObject({ code: 'not_subscribed' });
      expect(await second.next()).toEqual({ done: true, value: undefined });
    });

    test('following all hears old chats and those joined later', async () => {
      const his = make(server.url, bob.token);
      await his.connected();
      const everything = his.followAll();
      const hers = make(server.url, ann.token);

      await hers.chat(chat).send('old');
      const [old] = await take(everything, 1);
      const later = await ann.chat(bob);
      await hers.chat(later).send('new');
      const found = await takeUntil(everything, 'new');

      expect(old).toMatchObject({ chat, text: 'old' });
      const ofLater = found.filter((event) => event.chat === later);
      expect(ofLater[0]).toMatchObject({ type: 'member_joined', user: bob.id });
      expect(ofLater.at(-1)).toMatchObject({ type: 'message_sent', text: 'new' });
    });

    test('who is removed gets that as the last event and then the reason', async () => {
      const his = make(server.url, bob.token);
      const events = his.chat(chat).events();
      await his.chat(chat).synced();

      await ann.ask('DELETE', `chats/${chat}/members/${bob.id}`);

      expect((await take(events, 1))[0]).toMatchObject({ type: 'member_left', user: bob.id });
      await expect(events.next()).rejects.toMatchObject({ code: 'removed_from_chat' });
      await expect(his.chat(chat).send('too late')).rejects.toMatchObject({ code: 'not_a_member' });
      expect(his.status.is).toBe('connected');
    });

    test('a slow listener misses nothing', async () => {
      const room = make(server.url, ann.token).chat(chat);
      const [slow, quick] = [room.events({ after: 0 }), room.events({ after: 0 })];
      const acks = await Promise.all(from(1, 1_500).map((number) => room.send(String(number))));

      await takeUntil(quick, '1500');

      expect(seqsOf(await takeUntil(slow, '1500'))).toEqual(from(1, acks.at(-1)?.seq ?? 0));
    });
  });

  describe('cuts', () => {
    test('events and messages survive cuts in their midst', async () => {
      const [hers, his] = [make(relay.url, ann.token), make(relay.url, bob.token)];
      const heard = his.chat(chat).events({ after: 0 });

      const sending = from(1, 400).map((number) => hers.chat(chat).send(`m${number}`));
      for (const _ of from(1, 6)) {
        await Promise.all([hers.connected(), his.connected()]);
        await hers.chat(chat).send('tick');
        relay.cut();
      }
      const acks = await Promise.all(sending);
      const last = await hers.chat(chat).send('last');
      const found = await takeUntil(heard, 'last');

      expect(seqsOf(found)).toEqual(from(1, last.seq));
      expect(seqsOf(acks)).toEqual(seqsOf(acks).toSorted((one, other) => one - other));
      expect(textsOf(found).filter((text) => text !== 'tick')).toEqual([
        ...from(1, 400).map((number) => `m${number}`),
        'last',
      ]);
    });

    test('a gap too long to replay is read from the history and told', async () => {
      const told = new Told<ToldFrame>();
      const his = make(relay.url, bob.token, { onFrame: told.note });
      const events = his.chat(chat).events({ after: 0 });
      await his.chat(chat).synced();
      relay.freeze();
      const hers = make(server.url, ann.token);
      await Promise.all(from(1, 150).map((number) => hers.chat(chat).send(String(number))));

      relay.cut();
      const last = await hers.chat(chat).send('last');

      expect(seqsOf(await takeUntil(events, 'last'))).toEqual(from(1, last.seq));
      expect(told.all.filter(({ type }) => type === 'reset')).toHaveLength(1);
    });

    test('a cut line is remembered, and comes back at once the first time', async () => {
      const told = new Told<Status>();
      const client = make(relay.url, ann.token, { onStatus: told.note });
      await client.connected();

      relay.cut();
      const waiting = await statusOf(told, 'waiting');
      await client.connected();

      expect(waiting.why).toBe('closed_1006');
      expect(client.cuts[0]?.code).toBe(1006);
      expect(client.timeLimit).toBeNull();
    });

    test('three messages that were written while the server was dead arrive once and in order', async () => {
      const mortal = await Server.start();
      try {
        const [eve, dan] = [await mortal.person('eve'), await mortal.person('dan')];
        const room = await eve.chat(dan);
        const told = new Told<Status>();
        const [hers, his] = [make(mortal.url, eve.token, { onStatus: told.note }), make(mortal.url, dan.token)];
        const heard = his.chat(room).events();
        await Promise.all([hers.connected(), his.chat(room).synced()]);
        await mortal.kill();
        await statusOf(told, 'waiting');

        const sending = ['one', 'two', 'three'].map((text) => hers.chat(room).send(text));
        const waiting = hers.waiting;
        await mortal.start();
        hers.online();
        his.online();

        const acks = await Promise.all(sending);
        expect(waiting).toBe(3);
        expect(textsOf(await takeUntil(heard, 'three'))).toEqual(['one', 'two', 'three']);
        expect(seqsOf(acks)).toEqual(seqsOf(acks).toSorted((one, other) => one - other));
        expect(textsOf((await his.chat(room).history()).items)).toEqual(['one', 'two', 'three']);
      } finally {
        await mortal.end();
      }
    });

    test('a server that does not answer is named, and so is one that speaks HTTP alone', async () => {
      const [away, half] = [new Told<Status>(), new Told<Status>()];
      make(NOBODY, ann.token, { onStatus: away.note });
      make(`${server.url}/elsewhere`, ann.token, { onStatus: half.note });

      expect((await statusOf(away, 'waiting')).why).toBe('unreachable');
      expect((await statusOf(half, 'waiting')).why).toBe('http_404');
      await expect(make(NOBODY, ann.token).chat(chat).history()).rejects.toBeInstanceOf(ConnectionError);
    });

    test('the way to the server and back is measured once it is connected', async () => {
      const told = new Told<ToldFrame>();
      const client = make(server.url, ann.token, { onFrame: told.note });

      expect(client.latencyMs).toBeNull();
      await told.first(({ type }) => type === 'pong');

      expect(client.latencyMs).toBeGreaterThan(0);
    });
  });

  describe('tokens', () => {
    test('an expiring token is renewed on the open connection', async () => {
      const asked: boolean[] = [];
      const told = new Told<ToldFrame>();
      const token = (renew: boolean): Promise<string> => {
        asked.push(renew);
        return server.token(ann.externalId, renew ? 3600 : 2);
      };
      const client = make(server.url, token, { onFrame: told.note });
      await client.connected();
      const { status } = client;

      await told.first(({ type }) => type === 'authenticated');

      expect(asked).toEqual([false, true]);
      expect(client.status).toBe(status);
      expect((await client.chat(chat).history()).items).toEqual([]);
    });

    test('a refused token is replaced once and the new one is taken', async () => {
      const asked: boolean[] = [];
      const token = (renew: boolean): Promise<string> => {
        asked.push(renew);
        return Promise.resolve(renew ? ann.token : 'not.a.token');
      };

      await make(server.url, token).connected();

      expect(asked).toEqual([false, true]);
    });

    test('a token that stays bad ends every wait with its code', async () => {
      const client = make(server.url, () => Promise.resolve('not.a.token'));

      const waits = await Promise.allSettled([
        client.connected(),
        client.chat(chat).send('Hello', { key: 'k1' }),
        client.chat(chat).events().next(),
        client.chat(chat).synced(),
      ]);

      for (const wait of waits) expect(wait).toMatchObject({ reason: { code: 'token_malformed' } });
      expect(client.status).toMatchObject({ is: 'refused', code: 'token_malformed' });
      expect(client.unanswered.map(({ key }) => key)).toEqual(['k1']);
      await expect(client.chat(chat).send('Hello')).rejects.toMatchObject({ code: 'token_malformed' });
    });

    test('a client that was refused can start again, and sends what was left', async () => {
      const tokens = ['not.a.token', 'not.a.token', ann.token];
      const client = make(server.url, () => Promise.resolve(tokens.shift() ?? ann.token));
      await expect(client.chat(chat).send('Hello', { key: 'k1' })).rejects.toMatchObject({ code: 'token_malformed' });

      client.start();
      const ack = await client.chat(chat).send('Hello', { key: 'k1' });

      expect(ack).toMatchObject({ key: 'k1', duplicate: false });
      expect(client.unanswered).toEqual([]);
    });

    test('a failing token function is asked again after a while', async () => {
      const told = new Told<Status>();
      const answers = [() => Promise.reject(new Error('the back end is away')), () => Promise.resolve(ann.token)];
      const client = make(server.url, () => answers.shift()?.() ?? Promise.resolve(ann.token), { onStatus: told.note });

      await client.connected();

      expect((await statusOf(told, 'waiting')).why).toBe('token_not_given');
    });

    test("messages of one user do not go out with another's token", async () => {
      const other = make(server.url, bob.token, { user: ann.id });

      await expect(other.chat(chat).send('as ann')).rejects.toMatchObject({ code: 'token_other_user' });

      expect((await make(server.url, ann.token).chat(chat).history()).items).toEqual([]);
    });
  });

  describe('the end', () => {
    test('the newest connections win and the oldest does not come back', async () => {
      const told = new Told<Status>();
      const oldest = make(server.url, ann.token, { onStatus: told.note });
      await oldest.connected();

      for (const _ of from(1, 10)) await make(server.url, ann.token).connected();

      expect((await statusOf(told, 'refused')).code).toBe('replaced');
      expect(oldest.status.is).toBe('refused');
    });

    test('a closed client names what had no answer', async () => {
      const client = make(NOBODY, 'token');
      const sends = ['a', 'b'].map((text) => client.chat(chat).send(text, { key: text }));
      const events = client.chat(chat).events();

      await client.close();

      for (const send of await Promise.allSettled(sends)) {
        expect(send.status === 'rejected' && send.reason).toBeInstanceOf(ClientClosed);
      }
      expect(client.unanswered.map(({ key, text }) => [key, text])).toEqual([
        ['a', 'a'],
        ['b', 'b'],
      ]);
      expect((await events.next()).done).toBe(true);
      await expect(client.chat(chat).send('c')).rejects.toBeInstanceOf(ClientClosed);
      expect(() => client.start()).toThrow(ClientClosed);
    });

    test('flush waits for every answer', async () => {
      const client = make(server.url, ann.token);
      const sends = from(1, 20).map((number) => client.chat(chat).send(String(number)));

      await client.flush();

      expect(client.waiting).toBe(0);
      expect(await Promise.all(sends)).toHaveLength(20);
    });

    test('an aborted send that was never written is taken back', async () => {
      const away = make(NOBODY, ann.token);
      const aborting = new AbortController();
      const sending = away.chat(chat).send('Hello', { signal: aborting.signal });

      aborting.abort();

      await expect(sending).rejects.toMatchObject({ name: 'AbortError' });
      expect(away.waiting).toBe(0);
    });

    test('an aborted send that was written gets its answer by its key', async () => {
      const client = make(relay.url, ann.token);
      await client.connected();
      relay.freeze();
      const aborting = new AbortController();
      const sending = client.chat(chat).send('Hello', { key: 'k1', signal: aborting.signal });

      aborting.abort();
      await expect(sending).rejects.toMatchObject({ name: 'AbortError' });
      const again = client.chat(chat).send('Hello', { key: 'k1' });
      relay.cut();

      expect((await again).key).toBe('k1');
      expect(textsOf((await client.chat(chat).history()).items)).toEqual(['Hello']);
    });

    test('a message that was never written can be withdrawn, one that was written cannot', async () => {
      const [away, client] = [make(NOBODY, ann.token), make(relay.url, ann.token)];
      await client.connected();
      relay.freeze();
      const unwritten = away.chat(chat).send('Hello', { key: 'k1' });
      const written = client.chat(chat).send('Hello', { key: 'k1' });

      expect([away.chat(chat).withdraw('k1'), client.chat(chat).withdraw('k1')]).toEqual([true, false]);

      await expect(unwritten).rejects.toMatchObject({ name: 'AbortError' });
      relay.cut();
      await written;
    });

    test('a full outbox refuses by name', async () => {
      const client = make(NOBODY, 'token');
      const sends = Promise.allSettled(from(1, MESSAGES_MAX).map(() => client.chat(chat).send('x')));

      await expect(client.chat(chat).send('x')).rejects.toMatchObject({ code: 'busy' });

      await client.close();
      await sends;
    });

    test('callbacks that fail are reported and do not harm the client', async () => {
      const reported = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const mistake = new RangeError('a mistake of the application');
      const fail = (): void => {
        throw mistake;
      };
      const client = make(server.url, ann.token, { onStatus: fail, onFrame: fail, log: { connection: 'error' } });

      await client.chat(chat).send('Hello');

      expect(reported).toHaveBeenCalledWith('[WebSocket] callback_failed', mistake);
      await client.close();
      reported.mockRestore();
    });
  });
});

describe('without a server', () => {
  test.each(['', 'general', '01890a5dac96774bbcceb302099a8057', '../sessions'])(
    'a chat id that is none (%s) is refused before anything is sent',
    async (id) => {
      const client = new Client({ url: NOBODY, token: 'token', webSocket: WebSocket });

      expect(() => client.chat(id)).toThrow(expect.objectContaining({ code: 'chat_id_invalid' }));
      await client.close();
    },
  );

  test.each(['', 'chat.example.org', 'ws://chat.example.org', 'https://', 'https://chat.example.org/?x=1'])(
    'an address that is none (%s) is refused at once',
    (url) => {
      expect(() => new Client({ url, token: 'token', webSocket: WebSocket })).toThrow(/looks like/);
    },
  );
});
