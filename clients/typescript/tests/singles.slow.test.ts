/** Chats by their own doors. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ClientClosed, Singles, SINGLES_MAX, type Status } from '../src/index';
import { clientMaker, seqsOf, statusOf, takeUntil, textsOf, Told } from './clients';
import { Relay } from './relay';
import { noServer, Server, type Person } from './server';

describe.skipIf(noServer !== null)(`chats by their own doors (${noServer ?? 'there'})`, () => {
  const make = clientMaker();
  let server: Server;
  let ann: Person;
  let bob: Person;
  let chats: [string, string, string, string];
  let relay: Relay;
  let singles: Singles;

  beforeAll(async () => {
    server = await Server.start();
  });
  afterAll(() => server.end());
  beforeEach(async () => {
    [ann, bob] = [await server.person('ann'), await server.person('bob')];
    chats = [await ann.chat(bob), await ann.chat(bob), await ann.chat(bob), await ann.chat(bob)];
    relay = await Relay.to(server.url);
    singles = new Singles({ url: relay.url, token: ann.token, webSocket: WebSocket, log: { connection: 'off' } });
  });
  afterEach(async () => {
    await singles.close();
    await relay.close();
  });

  test('a chat is followed and written to by its own door, through cuts', async () => {
    const chat = singles.chat(chats[0]);
    const events = chat.events({ after: 0 });
    await chat.send('one');

    relay.cut();
    const last = await chat.send('last');

    const found = await takeUntil(events, 'last');
    expect(seqsOf(found)).toEqual(found.map((_, index) => index + 1));
    expect(found.at(-1)?.seq).toBe(last.seq);
    expect(textsOf(found)).toEqual(['one', 'last']);
  });

  test('a fourth chat closes the one that was used the longest time ago', async () => {
    const first = singles.chat(chats[0]);
    singles.chat(chats[1]);
    singles.chat(chats[2]);
    const events = first.events();
    singles.chat(chats[0]); // used again

    singles.chat(chats[3]);

    expect(SINGLES_MAX).toBe(3);
    expect([...singles.clients.keys()]).toEqual([chats[2], chats[0], chats[3]]);
    await first.send('still open');
    expect(textsOf(await takeUntil(events, 'still open'))).toEqual(['still open']);
  });

  test('what had no answer when a chat was closed goes out when it is opened again', async () => {
    relay.freeze();
    const sending = singles.chat(chats[0]).send('Hello', { key: 'k1' });
    for (const chat of chats.slice(1)) singles.chat(chat);
    await expect(sending).rejects.toBeInstanceOf(ClientClosed);
    const left = singles.unanswered.map(({ key }) => key);

    relay.cut();
    await singles.chat(chats[0]).send('next');

    expect(left).toEqual(['k1']);
    expect(textsOf((await singles.chat(chats[0]).history()).items)).toEqual(['Hello', 'next']);
    expect(singles.unanswered).toEqual([]);
  });

  test('who is removed is refused, and the door of one chat has no other', async () => {
    const told = new Told<Status>();
    const his = make(server.url, bob.token, { onlyChat: chats[0], onStatus: told.note });
    const events = his.chat(chats[0]).events();
    await his.chat(chats[0]).synced();

    await ann.ask('DELETE', `chats/${chats[0]}/members/${bob.id}`);

    expect((await events.next()).value).toMatchObject({ type: 'member_left', user: bob.id });
    await expect(events.next()).rejects.toMatchObject({ code: 'removed_from_chat' });
    expect((await statusOf(told, 'refused')).code).toBe('removed_from_chat');
    expect(() => his.chat(chats[1])).toThrow(expect.objectContaining({ code: 'not_subscribed' }));
    expect(() => his.followAll()).toThrow(expect.objectContaining({ code: 'not_subscribed' }));
  });

  test('closing closes all of them', async () => {
    const clients = chats.map((chat) => [singles.chat(chat), singles.clients.get(chat)] as const);
    for (const [, client] of clients.slice(1)) await client?.connected();

    await singles.close();

    expect(singles.clients.size).toBe(0);
    await relay.quiet();
  });
});
