import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { noServer, Server, type Person } from '../../../clients/typescript/tests/server';
import { Problem } from '../../src/lib/api';
import { device, leave, leaveAll, messages, nameOf, statuses, texts } from './people';

/** Until it is so; a wait, never a pause. */
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

describe.skipIf(noServer !== null)('with a server', () => {
  let server: Server;

  beforeAll(async () => {
    server = await Server.start();
  }, 30_000);

  afterEach(leaveAll);

  afterAll(async () => {
    await server.end();
  });

  async function pair(): Promise<{ ann: Person; bob: Person; chat: string }> {
    const [ann, bob] = await Promise.all([server.person('ann'), server.person('bob')]);
    return { ann, bob, chat: await ann.chat(bob) };
  }

  async function say(person: Person, chat: string, count: number, from = 1): Promise<void> {
    for (let number = from; number < from + count; number += 1) {
      await person.ask('POST', `chats/${chat}/messages`, { text: `${nameOf(person)} ${number}` });
    }
  }

  describe('a message', () => {
    test('is pending, sent, delivered and read, in one row', async () => {
      const { ann, bob, chat } = await pair();
      const here = device(server, ann).conversation(chat);
      await here.open();
      const there = device(server, bob);
      await until(() => expect(there.connection.isConnected && there.chats.get(chat)).toBeTruthy());

      here.send('Hello');
      const [pending] = messages(here);
      await until(() => expect(statuses(here)).toEqual(['delivered']));
      const [delivered] = messages(here);
      const conversation = there.conversation(chat);
      await conversation.open();
      conversation.sawUpTo(messages(conversation).at(-1)?.seq ?? 0);
      await until(() => expect(statuses(here)).toEqual(['read']));

      expect(pending).toMatchObject({ status: 'pending', seq: null, text: 'Hello', mine: true });
      expect(delivered?.key).toBe(pending?.key);
      expect(texts(conversation)).toEqual(['Hello']);
    });

    test('that the server refuses is failed, with its text and the reason, over a reload too', async () => {
      const { ann, chat } = await pair();
      const first = device(server, ann);
      const here = first.conversation(chat);
      await here.open();

      here.send('x'.repeat(20_000));
      await until(() => expect(statuses(here)).toEqual(['failed']));
      const [failed] = messages(here);
      await leave(first);
      const again = device(server, ann);
      const later = again.conversation(chat);
      await later.open();
      await until(() => expect(statuses(later)).toEqual(['failed']));

      expect(failed?.failure).toMatchObject({ code: 'text_too_long' });
      expect(failed?.failure?.advice).not.toBe('');
      expect(messages(later)[0]?.text).toHaveLength(20_000);

      later.discard(failed?.key ?? '');

      expect(texts(later)).toEqual([]);
    });

    test('written while the server is away goes out once and in order when it is back, though the page was closed', async () => {
      const { ann, bob, chat } = await pair();
      const first = device(server, ann);
      const there = device(server, bob).conversation(chat);
      await Promise.all([first.conversation(chat).open(), there.open()]);
      await until(() => expect(first.connection.isConnected).toBe(true));
      await server.kill();
      await until(() => expect(first.connection.isConnected).toBe(false));

      for (const text of ['one', 'two', 'three']) first.conversation(chat).send(text);
      await until(() => expect(first.connection.status).toMatchObject({ is: 'offline', waiting: 3 }));
      await leave(first);
      const again = device(server, ann);
      const here = again.conversation(chat);
      void here.open();
      await until(() => expect(statuses(here)).toEqual(['pending', 'pending', 'pending']));
      await server.start();
      again.connection.tryNow();

      await until(() => expect(texts(there)).toEqual(['one', 'two', 'three']));
      await until(() => expect(texts(here)).toEqual(['one', 'two', 'three']));
      await until(() => expect(statuses(here)).toEqual(['delivered', 'delivered', 'delivered']));
      expect(again.connection.waiting).toBe(0);
    }, 30_000);
  });

  describe('unread messages', () => {
    test('are the same in two tabs of one person, whichever reads', async () => {
      const { ann, bob, chat } = await pair();
      await say(bob, chat, 3);
      const [one, two] = [device(server, ann), device(server, ann)];
      await until(() => expect([one.chats.unreadTotal, two.chats.unreadTotal]).toEqual([3, 3]));

      await say(bob, chat, 2, 4);
      await until(() => expect([one.chats.unreadTotal, two.chats.unreadTotal]).toEqual([5, 5]));
      const conversation = one.conversation(chat);
      await conversation.open();
      const third = messages(conversation)[2];
      conversation.sawUpTo(third?.seq ?? 0);

      expect(one.chats.get(chat)?.unread).toBe(2);
      await until(() => expect(two.chats.unreadTotal).toBe(2));

      conversation.markRead();

      expect(one.chats.unreadTotal).toBe(0);
      await until(() => expect(two.chats.unreadTotal).toBe(0));
    });

    test('have a divider above the first of them, which stays for the visit', async () => {
      const { ann, bob, chat } = await pair();
      await say(ann, chat, 1);
      await say(bob, chat, 2);
      const here = device(server, ann).conversation(chat);

      await here.open();
      const kinds = here.rows.map(({ kind }) => kind).filter((kind) => kind === 'unread' || kind === 'message');
      here.markRead();
      here.close();
      await here.open();

      expect(kinds).toEqual(['message', 'unread', 'message', 'message']);
      expect(here.anchor.at).toBe('bottom');
      expect(here.unreadFrom).toBeNull();
    });

    test('go with a message of one’s own', async () => {
      const { ann, bob, chat } = await pair();
      await say(bob, chat, 2);
      const here = device(server, ann);
      await until(() => expect(here.chats.unreadTotal).toBe(2));

      here.conversation(chat).send('I have seen it');

      await until(() => expect(here.chats.unreadTotal).toBe(0));
    });

    test('can be marked from a message on, until one comes back', async () => {
      const { ann, bob, chat } = await pair();
      await say(bob, chat, 4);
      const messenger = device(server, ann);
      const here = messenger.conversation(chat);
      await here.open();
      here.markRead();
      const second = messages(here)[1]?.seq ?? 0;

      here.markUnreadFrom(second);
      here.sawUpTo(second + 2);

      expect(messenger.chats.unreadTotal).toBe(3);
      expect(here.unreadFrom).toBe(second);

      here.close();
      await here.open();
      here.sawUpTo(second + 2);

      expect(messenger.chats.unreadTotal).toBe(0);
    });
  });

  describe('a long chat', () => {
    test('opens with one page, loads others on both sides, and goes to a message by its seq', async () => {
      const { ann, bob, chat } = await pair();
      await say(bob, chat, 120);
      await ann.ask('POST', `chats/${chat}/receipts`, { read: 1_000 });
      const here = device(server, ann).conversation(chat);

      await here.open();
      const opened = texts(here);
      await here.loadBefore();
      const more = texts(here);
      const named = messages(here)[10];
      await here.loadBefore();
      await here.open(named?.seq ?? 0);

      expect(opened).toEqual(Array.from({ length: 50 }, (_, index) => `bob ${index + 71}`));
      expect(more).toHaveLength(100);
      expect(texts(here)).toHaveLength(120);
      expect(here.hasBefore).toBe(false);
      expect(here.rows[0]?.kind).toBe('start');
      expect(here.target).toBe(named?.key);
      expect(here.anchor).toMatchObject({ at: 'message', key: named?.key });
    }, 30_000);

    test('that was opened at an old message counts what comes, and goes to the latest', async () => {
      const { ann, bob, chat } = await pair();
      await say(bob, chat, 120);
      const messenger = device(server, ann);
      const here = messenger.conversation(chat);
      await until(() => expect(messenger.connection.isConnected).toBe(true));
      await here.open(20);
      here.atBottom(false);

      await say(bob, chat, 2, 121);
      await until(() => expect(here.newCount).toBe(2));
      const before = texts(here);
      await here.toLatest();

      expect(here.hasAfter).toBe(false);
      expect(before).not.toContain('bob 121');
      expect(texts(here).at(-1)).toBe('bob 122');
      expect(here.newCount).toBe(0);
    }, 30_000);
  });

  describe('what cannot be shown', () => {
    test('has the reason: a chat that is not there, and one that is somebody else’s', async () => {
      const { ann, bob } = await pair();
      const stranger = await server.person('eve');
      const foreign = await stranger.chat();
      const messenger = device(server, ann);

      const unknown = messenger.conversation('01890a5d-ac96-774b-bcce-b302099a8057');
      const others = messenger.conversation(foreign);
      await Promise.all([unknown.open(), others.open()]);

      expect(bob.id).not.toBe(ann.id);
      expect(unknown.state).toBe('failed');
      expect(unknown.problem).toMatchObject({ code: 'chat_unknown' });
      expect(others.problem).toBeInstanceOf(Problem);
      expect(others.problem).toMatchObject({ status: 403 });
    });

    test('stays readable where one is removed while it is open', async () => {
      const { ann, bob, chat } = await pair();
      await say(ann, chat, 1);
      const messenger = device(server, bob);
      const here = messenger.conversation(chat);
      await here.open();
      await until(() => expect(messenger.connection.isConnected).toBe(true));

      await ann.ask('DELETE', `chats/${chat}/members/${bob.id}`);

      await until(() => expect(here.entry?.gone).toBe('removed'));
      expect(texts(here)).toEqual(['ann 1']);
      expect(messenger.chats.unreadTotal).toBe(0);
    });
  });

  test('a chat that one is added to appears by itself, and what is said in it counts', async () => {
    const { ann, bob } = await pair();
    const messenger = device(server, bob);
    await until(() => expect(messenger.chats.list).toHaveLength(1));

    const chat = await ann.chat(bob);
    await say(ann, chat, 2);

    await until(() => expect(messenger.chats.get(chat)?.unread).toBe(2));
    expect(messenger.chats.list[0]?.id).toBe(chat);
  });

  test('who types is shown to the others, and until their message comes', async () => {
    const { ann, bob, chat } = await pair();
    const messenger = device(server, ann);
    const there = device(server, bob).conversation(chat);
    const here = messenger.conversation(chat);
    await Promise.all([here.open(), there.open()]);
    await until(() => expect(messenger.connection.isConnected).toBe(true));

    await until(() => {
      here.typed('');
      here.typed('H');
      expect(there.typing.map(({ id }) => id)).toEqual([ann.id]);
    });
    here.send('Hi');

    await until(() => expect(texts(there)).toEqual(['Hi']));
    expect(there.typing).toEqual([]);
    expect(here.typing).toEqual([]);
  });

  test('names of people come by themselves', async () => {
    const { ann, bob, chat } = await pair();
    await say(bob, chat, 1);
    const messenger = device(server, ann);
    const here = messenger.conversation(chat);
    await here.open();

    const person = messenger.people.get(messages(here)[0]?.by ?? '');

    await until(() => expect(person.name).toBe('bob'));
  });

  test('a group without a name is called by its members while nobody answers', async () => {
    const { ann, bob } = await pair();
    const first = device(server, ann);
    const group = await first.chats.create({ kind: 'group', members: [bob.id] });
    await until(() => expect(first.chats.get(group)?.title).toBe('bob'));
    await leave(first);
    await server.kill();

    const again = device(server, ann);
    await until(() => expect(again.chats.get(group)).not.toBeNull());
    const title = again.chats.get(group)?.title;
    await server.start();

    expect(title).toBe('bob');
  }, 30_000);

  test('marking all as read reaches the other device without opening a chat', async () => {
    const { ann, bob, chat } = await pair();
    await say(bob, chat, 3);
    const [one, other] = [device(server, ann), device(server, ann)];
    await until(() => expect([one, other].map(({ chats }) => chats.get(chat)?.unread)).toEqual([3, 3]));

    one.chats.markAllRead();

    expect(one.chats.unreadTotal).toBe(0);
    await until(() => expect(other.chats.unreadTotal).toBe(0));
  });

  test('a channel shows itself to whoever is not in it, and what is no channel does not', async () => {
    const { ann, bob, chat } = await pair();
    const [hers, his] = [device(server, ann), device(server, bob)];
    const title = `Plans ${crypto.randomUUID()}`;
    const channel = await hers.chats.create({ kind: 'channel', title, members: [], history: 'from_joining' });

    const shown = await his.chats.channel(channel);
    const found = await his.chats.channels(title);

    expect(shown).toEqual({ id: channel, title, memberCount: 1, joined: false });
    expect(found.items).toEqual([shown]);
    expect(await his.chats.channel(chat)).toBeNull();
  });

  test('what was loaded can be read while nobody answers', async () => {
    const { ann, bob, chat } = await pair();
    await say(bob, chat, 2);
    const first = device(server, ann);
    await first.conversation(chat).open();
    await until(() => expect(first.people.get(bob.id).name).toBe('bob'));
    first.conversation(chat).typed('to be continued');
    await until(() => expect(texts(first.conversation(chat))).toHaveLength(2));
    first.conversation(chat).close();
    await until(async () => expect(await first.readKept('list', (kept) => kept.chats())).not.toBeNull());
    await leave(first);
    await server.kill();

    const again = device(server, ann);
    const here = again.conversation(chat);
    await until(() => expect(again.chats.list.map(({ id }) => id)).toEqual([chat]));
    void here.open();
    await until(() => expect(texts(here)).toEqual(['bob 1', 'bob 2']));
    const wasStale = [again.chats.stale, here.stale];
    const name = again.people.get(bob.id).name;
    await server.start();
    again.connection.tryNow();

    expect(wasStale).toEqual([true, true]);
    expect(name).toBe('bob');
    await until(() => expect([again.chats.stale, here.stale]).toEqual([false, false]));
    expect(here.draft).toBe('to be continued');
  }, 30_000);

  test('whoever comes and goes leaves nothing behind', async () => {
    const { ann, chat } = await pair();
    let bells = 0;
    const clock = {
      now: () => performance.now(),
      wall: () => Date.now(),
      ring: (afterMs: number, bell: () => void) => {
        bells += 1;
        let rings = true;
        const over = () => {
          if (rings) bells -= 1;
          rings = false;
        };
        const timer = setTimeout(() => {
          over();
          bell();
        }, afterMs);
        return () => {
          clearTimeout(timer);
          over();
        };
      },
    };

    for (let round = 0; round < 20; round += 1) {
      const messenger = device(server, ann, { clock });
      const here = messenger.conversation(chat);
      await here.open();
      here.typed('x');
      await leave(messenger);
    }

    await until(() => expect(bells).toBe(0));
  }, 60_000);
});
