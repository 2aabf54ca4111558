/** What a page and a clock tell a client. */

import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Status } from '../src/index';
import { Page } from './browser';
import { clientMaker, statusOf, Told } from './clients';
import { ManualClock } from './clock';
import { Relay } from './relay';
import { noServer, Server, type Person } from './server';

const NOBODY = 'http://127.0.0.1:9';
const make = clientMaker();

test('without an answer after 15 seconds the attempt has failed by name', async () => {
  const silent = createServer();
  const somebody = new Promise((come) => silent.once('connection', come));
  await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready));
  const clock = new ManualClock();
  const told = new Told<Status>();
  const client = make(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, 'token', {
    clock,
    onStatus: told.note,
  });
  await somebody;

  clock.move(14_999);
  const before = client.status.is;
  clock.move(2);

  expect(before).toBe('connecting');
  expect((await statusOf(told, 'waiting')).why).toBe('connect_timeout');
  silent.close();
});

test('a token that does not come is named, and one that comes too late opens nothing', async () => {
  const clock = new ManualClock();
  const told = new Told<Status>();
  let give = (_token: string): void => undefined;
  const late = new Promise<string>((resolve) => (give = resolve));
  const client = make(NOBODY, () => late, { clock, onStatus: told.note });

  clock.move(15_001);
  const { why } = await statusOf(told, 'waiting');
  await client.close();
  give('token');
  await late;

  expect(why).toBe('connect_timeout');
  expect(client.status.is).toBe('idle');
});

describe.skipIf(noServer !== null)(`a page (${noServer ?? 'there'})`, () => {
  let server: Server;
  let ann: Person;
  let relay: Relay;
  let page: Page;

  beforeAll(async () => {
    server = await Server.start();
  });
  afterAll(() => server.end());
  beforeEach(async () => {
    ann = await server.person('ann');
    relay = await Relay.to(server.url);
    page = new Page();
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await relay.close();
  });
  const make = clientMaker(); // its clients close before: the last hook runs first

  /** A client that waits for its next attempt, on a clock that stands still. */
  async function cutOff(): Promise<{ told: Told<Status>; connect: () => Promise<void> }> {
    const [clock, told] = [new ManualClock(), new Told<Status>()];
    const client = make(relay.url, ann.token, { clock, onStatus: told.note, random: () => 0.5 });
    await client.connected();
    relay.cut();
    await statusOf(told, 'waiting');
    return { told, connect: () => client.connected() };
  }

  test.each([
    ['the network is back', (): void => page.online()],
    ['somebody looks at it again', (): void => page.show('visible')],
  ])('comes back at once when %s', async (_, happens) => {
    const { connect } = await cutOff();

    happens();

    await connect();
  });

  test('does not come back because it is hidden', async () => {
    const { told } = await cutOff();

    page.show('hidden');

    expect(told.all.at(-1)?.is).toBe('waiting');
  });

  test('asks a line that was asleep for a sign of life, and gives a dead one up', async () => {
    const [clock, told] = [new ManualClock(), new Told<Status>()];
    const client = make(relay.url, ann.token, { clock, onStatus: told.note });
    await client.connected();
    relay.freeze();

    page.show('visible');
    clock.move(5_001);

    expect((await statusOf(told, 'waiting')).why).toBe('closed_1006');
    expect(client.cuts).toHaveLength(1);
  });

  test('hangs up when it goes away, and is there again when the back button brings it back', async () => {
    const told = new Told<Status>();
    const client = make(relay.url, ann.token, { onStatus: told.note });
    await client.connected();

    page.hide();
    await relay.quiet();
    const hidden = client.status.is;
    page.returnFromCache();
    await client.connected();

    expect(hidden).toBe('idle');
  });

  test('listens once, however often it is started, and not at all after it is closed', async () => {
    const client = make(server.url, ann.token);
    client.start();
    const listeners = page.listeners;

    await client.close();

    expect([listeners, page.listeners]).toEqual([4, 0]);
  });
});
