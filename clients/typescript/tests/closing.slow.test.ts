/** Everything that is opened is closed. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Client } from '../src/index';
import WebSocket from 'ws';
import { Page } from './browser';
import { clientMaker, from, takeUntil } from './clients';
import { CountingClock } from './clock';
import { Relay } from './relay';
import { noServer, Server, type Person } from './server';

const TIMES = process.env['TENFOUR_SLOW'] === '1' ? 1_000 : 200;

describe.skipIf(noServer !== null)(`closing (${noServer ?? 'there'})`, () => {
  const make = clientMaker();
  let server: Server;
  let ann: Person;
  let chat: string;
  let relay: Relay;

  beforeAll(async () => {
    server = await Server.start();
    ann = await server.person('ann');
    chat = await ann.chat();
  });
  afterAll(() => server.end());
  beforeEach(async () => {
    relay = await Relay.to(server.url);
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await relay.close();
  });

  test(`${TIMES} times opened and closed leave no listener, no timer and no socket`, { timeout: 300_000 }, async () => {
    const page = new Page();
    const clock = new CountingClock();
    const timers = openTimers();
    const sockets = new Set<WebSocket>();
    class Counted extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.add(this);
        this.once('close', () => sockets.delete(this));
      }
    }

    for (const number of from(1, TIMES)) {
      const client = new Client({ url: relay.url, token: ann.token, webSocket: Counted, clock });
      client.start();
      // Closed in the midst of all that a client does: while it opens, once it is connected, while it talks.
      if (number % 3 > 0) await client.connected();
      if (number % 3 > 1) {
        const events = client.chat(chat).events();
        await client.chat(chat).send(String(number));
        await takeUntil(events, String(number));
      }
      await client.close();
      expect([clock.waiting, sockets.size, page.listeners]).toEqual([0, 0, 0]);
    }

    await relay.quiet();
    expect(openTimers()).toBeLessThanOrEqual(timers);
  });

  test('a client that is closed during the handshake leaves nothing open', async () => {
    relay.freeze();
    const client = make(relay.url, ann.token);
    await relay.somebody.promise;

    await client.close();

    relay.thaw();
    await relay.quiet();
  });

  test('a request on its way ends with the client', async () => {
    const client = make(relay.url, ann.token);
    await client.connected();
    relay.freeze();
    const asking = Promise.allSettled([client.chat(chat).history()]);

    await client.close();

    expect((await asking)[0]).toMatchObject({ reason: { name: 'ConnectionError' } });
  });
});

function openTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}
