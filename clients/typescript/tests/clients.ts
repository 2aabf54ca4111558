/** Clients for a test, and what a test waits for. */

import { afterEach } from 'vitest';
import WebSocket from 'ws';
import { Client, type ClientOptions, type Events, type Item, type Status } from '../src/index';

/** Makes clients that are started, and closed after the test. */
export function clientMaker(): (url: string, token: ClientOptions['token'], more?: Partial<ClientOptions>) => Client {
  const made: Client[] = [];
  afterEach(async () => {
    await Promise.all(made.splice(0).map((client) => client.close()));
  });
  return (url, token, more = {}) => {
    const client = new Client({ url, token, webSocket: WebSocket, log: { connection: 'off', store: 'off' }, ...more });
    made.push(client);
    client.start();
    return client;
  };
}

/** What came, to be waited for: a listener for `onStatus` and `onFrame`. */
export class Told<T> {
  readonly all: T[] = [];
  #look: () => void = () => undefined;

  readonly note = (told: T): void => {
    this.all.push(told);
    this.#look();
  };

  /** The first that is so, come or to come. */
  async first(isSo: (told: T) => boolean): Promise<T> {
    for (let at = 0; ; at += 1) {
      while (at === this.all.length) await new Promise<void>((look) => (this.#look = look));
      const told = this.all[at];
      if (told !== undefined && isSo(told)) return told;
    }
  }
}

/** The first status of this kind, come or to come. */
export async function statusOf<Is extends Status['is']>(
  statuses: Told<Status>,
  is: Is,
): Promise<Extract<Status, { is: Is }>> {
  const isIt = (status: Status): status is Extract<Status, { is: Is }> => status.is === is;
  const status = await statuses.first(isIt);
  if (!isIt(status)) throw new Error('first gives what is so');
  return status;
}

/** The next events, as many as named. */
export async function take(events: Events, count: number): Promise<Item[]> {
  const found: Item[] = [];
  while (found.length < count) found.push(await next(events));
  return found;
}

/** The next events up to the message with this text. */
export async function takeUntil(events: Events, text: string): Promise<Item[]> {
  for (const found: Item[] = []; ;) {
    const item = await next(events);
    found.push(item);
    if (item.type === 'message_sent' && item.text === text) return found;
  }
}

async function next(events: Events): Promise<Item> {
  const { value } = await events.next();
  if (value === undefined) throw new Error('the events have ended');
  return value;
}

export function textsOf(items: readonly Item[]): (string | null)[] {
  return items.flatMap((item) => (item.type === 'message_sent' ? [item.text] : []));
}

export function seqsOf(items: readonly { readonly seq: number }[]): number[] {
  return items.map(({ seq }) => seq);
}

export function from(begin: number, end: number): number[] {
  return Array.from({ length: end - begin + 1 }, (_, index) => begin + index);
}
