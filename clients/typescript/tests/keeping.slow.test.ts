/** Messages on their way that survive a reload, in a database as browsers have it. */

import { IDBFactory } from 'fake-indexeddb';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Client, ClientOptions, ToldFrame } from '../src/index';
import { IndexedDbKeeping } from '../src/indexeddb';
import { Locks } from './browser';
import { clientMaker, textsOf, Told } from './clients';
import { noServer, Server, type Person } from './server';

describe.skipIf(noServer !== null)(`messages that are kept (${noServer ?? 'there'})`, () => {
  const make = clientMaker();
  let server: Server;
  let ann: Person;
  let chat: string;
  let indexedDB: IDBFactory;

  /** A page in which the user writes while the server cannot be reached, and which then is gone without a word. */
  async function write(texts: readonly string[], more: Partial<ClientOptions> = {}): Promise<Client> {
    const away = (): Promise<string> => Promise.reject(new Error('no network'));
    const page = make(server.url, away, { user: ann.id, keeping: kept(null), ...more });
    await page.ready();
    for (const text of texts)
      page
        .chat(chat)
        .send(text, { key: text })
        .catch(() => undefined);
    return page;
  }

  function kept(locks: Locks | null): IndexedDbKeeping {
    return new IndexedDbKeeping(server.url, { indexedDB, locks });
  }

  beforeAll(async () => {
    server = await Server.start({ TENFOUR_HEARTBEAT_S: '1' });
  });
  afterAll(() => server.end());
  beforeEach(async () => {
    ann = await server.person('ann');
    chat = await ann.chat();
    indexedDB = new IDBFactory();
  });

  test('what a page has left goes out from the next one, once and in order', async () => {
    await write(['one', 'two', 'three']);

    const next = make(server.url, ann.token, { user: ann.id, keeping: kept(null) });
    await next.ready();
    const found = next.unanswered.map(({ text }) => text);
    await next.flush();

    expect(found).toEqual(['one', 'two', 'three']);
    expect(textsOf((await next.chat(chat).history()).items)).toEqual(['one', 'two', 'three']);
    expect(next.keeps).toBe(true);
  });

  test('it comes before what the next page writes, also where the user is known by welcome only', async () => {
    await write(['one', 'two']);

    const next = make(server.url, ann.token, { keeping: kept(null) });
    await next.chat(chat).send('three');

    expect(textsOf((await next.chat(chat).history()).items)).toEqual(['one', 'two', 'three']);
  });

  test('send with the key of a kept message gets its answer', async () => {
    await write(['one']);
    const next = make(server.url, ann.token, { user: ann.id, keeping: kept(null) });
    await next.ready();

    const ack = await next.chat(chat).send('one', { key: 'one' });

    expect(ack).toMatchObject({ key: 'one', duplicate: false });
  });

  test('what was acked, refused for good or withdrawn is kept no more', async () => {
    const page = make(server.url, ann.token, { user: ann.id, keeping: kept(null) });
    await page.connected();
    await page.chat(chat).send('acked');
    await expect(page.chat(chat).send('')).rejects.toMatchObject({ code: 'text_empty' });
    await page.close();
    const away = await write(['withdrawn']);
    away.chat(chat).withdraw('withdrawn');
    await away.close();

    expect(await kept(null).adopt(ann.id)).toEqual([]);
  });

  test("what was left by a client that was closed is the next one's", async () => {
    const page = await write(['one']);
    await page.close();

    expect(await kept(null).adopt(ann.id)).toEqual([{ chat, key: 'one', text: 'one', replyTo: null }].map(expectEntry));
  });

  test('a tab leaves alone what another tab that lives is going to send, and takes over what a dead one has left', async () => {
    const locks = new Locks();
    const told = new Told<ToldFrame>();
    const other = await write(['others'], { keeping: kept(locks) });
    const tab = make(server.url, ann.token, { user: ann.id, keeping: kept(locks), onFrame: told.note });
    await tab.ready();
    const before = tab.unanswered;
    await tab.chat(chat).send('of this');

    await other.close();
    const ack = await told.first((frame) => frame.type === 'ack' && frame.key === 'others');

    expect(before).toEqual([]);
    expect(ack).toMatchObject({ chat, duplicate: false });
  });

  test('two tabs that cannot know of each other send a message twice, and it is stored once', async () => {
    const first = await write(['one', 'two']);
    const second = make(server.url, ann.token, { user: ann.id, keeping: kept(null) });
    const third = make(server.url, ann.token, { user: ann.id, keeping: kept(null) });

    await Promise.all([second, third].map((client) => client.ready()));
    await Promise.all([second, third].map((client) => client.flush()));

    expect(first.waiting).toBe(2);
    expect(textsOf((await third.chat(chat).history()).items)).toEqual(['one', 'two']);
  });

  test('each user has the own messages', async () => {
    const bob = await server.person('bob');
    await write(['of ann']);

    const his = make(server.url, bob.token, { keeping: kept(null) });
    await his.ready();

    expect(his.unanswered).toEqual([]);
  });

  test('forget deletes all of it', async () => {
    const page = await write(['one', 'two']);

    await page.forget();

    expect(await indexedDB.databases()).toEqual([]);
    await page.close();
    expect(await kept(null).adopt(ann.id)).toEqual([]);
  });

  test('a chat at its own door takes over its own messages only', async () => {
    await write(['here']);
    const elsewhere = await ann.chat();
    const keeping = new IndexedDbKeeping(server.url, { indexedDB, locks: null, onlyChat: elsewhere });

    const next = make(server.url, ann.token, { user: ann.id, onlyChat: elsewhere, keeping });
    await next.ready();

    expect(next.unanswered).toEqual([]);
  });

  test('where the database fails, that is said, and messages go out all the same', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('not in private windows', 'SecurityError');
    });
    const page = make(server.url, ann.token, { keeping: kept(null), log: { connection: 'off', store: 'error' } });

    const ack = await page.chat(chat).send('Hello');

    expect(ack.duplicate).toBe(false);
    expect(page.keeps).toBe(false);
    expect(said.mock.lastCall?.[0]).toBe('[WebSocketStore] outbox_not_kept');
    said.mockRestore();
  });
});

/** A row has more to it than what is asked of it. */
function expectEntry(entry: object): unknown {
  return expect.objectContaining(entry);
}
