/** One client at a chat's own door: the steps of `websocket-test.js`, and of the first scenario of the page. */

import { doorOf, readAddress, type Address } from './address';
import type { Log } from './log';
import { expect, type Step } from './scenario';
import { isObject } from './token';
import { carrying, Missed, Wire, type Frame } from './wire';

/** What the steps hand on to each other. */
export class Basics {
  wire: Wire | null = null;
  seq = 0;
  epoch = '';
  readonly #opened = new Set<Wire>();

  constructor(
    readonly url: string,
    readonly chat: string,
    readonly token: string,
    readonly log: Log,
  ) {}

  /** At the chat's own door; throws `Missed` where it does not open. */
  async open(line: string, query: Readonly<Record<string, string>> = {}): Promise<Wire> {
    const wire = new Wire(doorOf(doorOfChat(this.url, this.chat), query), carrying(this.token), this.log, line);
    this.#opened.add(wire);
    await wire.settled;
    if (wire.openMs === null)
      throw new Missed('it did not open: the server, the address or the proxy; /debug says which');
    return wire;
  }

  get here(): Wire {
    if (this.wire === null) throw new Missed('there is no connection');
    return this.wire;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#opened].map((wire) => wire.shut()));
  }
}

/** The door of a chat, also where the address is that of another door or has none. */
export function doorOfChat(url: string, chat: string): Address {
  const address = readAddress(url);
  if (address.fault !== null) throw new Missed(`the address is none of a WebSocket: ${address.fault}`);
  const before = address.path.split('/api/v1/', 1)[0] ?? '';
  return { ...address, path: `${before}/api/v1/chats/${encodeURIComponent(chat)}/ws`, query: '' };
}

export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, '0')).join('');
}

export const BASICS: readonly Step<Basics>[] = [
  {
    name: 'connect',
    run: async (world) => {
      world.wire = await world.open('A');
      const { subprotocol } = world.wire;
      expect(subprotocol === 'tenfour.v1', `the subprotocol is “${subprotocol}”, not tenfour.v1`);
      return `open, ${subprotocol}`;
    },
  },
  {
    name: 'welcome',
    run: async (world) => {
      const welcome = await world.here.next('welcome');
      await world.here.next('synced');
      world.epoch = textOf(welcome, 'epoch');
      return `connection ${textOf(welcome, 'connection')}`;
    },
  },
  {
    name: 'send',
    run: async (world) => {
      const ack = await send(world.here, 'Hello from the test');
      world.seq = numberOf(ack, 'seq');
      return `acknowledged as ${world.seq}`;
    },
  },
  {
    name: 'own event',
    run: async (world) => {
      const event = await world.here.next('message_sent', ({ seq }) => seq === world.seq);
      expect(event['text'] === 'Hello from the test', 'the event has another text');
      return `the message came back as event ${world.seq}`;
    },
  },
  {
    name: 'typing',
    run: async (world) => {
      world.here.say({ type: 'typing', chat: world.chat, active: true });
      world.here.say({ type: 'typing', chat: world.chat, active: false });
      await isTaken(world.here);
      return 'taken without an error';
    },
  },
  {
    name: 'receipt',
    run: async (world) => {
      world.here.say({ type: 'receipt', chat: world.chat, read: world.seq });
      const receipt = await world.here.next('receipt', ({ read }) => read === world.seq);
      return `read up to ${numberOf(receipt, 'read')}`;
    },
  },
  {
    name: 'resume',
    run: async (world) => {
      const other = await world.open('B');
      await other.next('welcome');
      await world.here.shut();
      const missed = [await send(other, 'missed, the first'), await send(other, 'missed, the second')].map((ack) =>
        numberOf(ack, 'seq'),
      );
      world.wire = await world.open('A', { after: String(world.seq), epoch: world.epoch });
      await world.here.next('synced');
      const came = world.here.frames
        .filter(({ type }) => type === 'message_sent')
        .map((event) => numberOf(event, 'seq'));
      expect(
        missed.every((seq) => came.includes(seq)),
        `of the events ${missed.join(', ')} came only ${came.join(', ') || 'none'}`,
      );
      expect(new Set(came).size === came.length, `an event came twice: ${came.join(', ')}`);
      return `${missed.length} missed messages came before synced`;
    },
  },
];

/** Sends and gives the ack; an `error` for it is a failure with its words. */
export async function send(wire: Wire, text: string, key = newKey(), chat?: string): Promise<Frame> {
  wire.say({ type: 'send', ...(chat === undefined ? {} : { chat }), key, text });
  return Promise.race([
    wire.next('ack', (frame) => frame['key'] === key),
    refusalOf(wire, (frame) => frame['key'] === key),
  ]);
}

/** Rejects with the words of the `error` that is meant; never settles without one. */
export async function refusalOf(wire: Wire, is: (frame: Frame) => boolean): Promise<never> {
  const error = await wire.next('error', is, 2 ** 31 - 1);
  throw new Missed(`refused with ${textOf(error, 'code')}: ${textOf(error, 'detail')}`);
}

/** Whether everything that was said is taken: a ping's answer comes after the errors for it. */
export async function isTaken(wire: Wire): Promise<void> {
  const id = newKey();
  wire.say({ type: 'ping', id });
  await Promise.race([wire.next('pong', (frame) => frame['id'] === id), refusalOf(wire, () => true)]);
}

export function textOf(frame: Frame, name: string): string {
  const value = frame[name];
  if (typeof value !== 'string') throw new Missed(`${frame.type} has no ${name}`);
  return value;
}

export function numberOf(frame: Frame, name: string): number {
  const value = frame[name];
  if (typeof value !== 'number') throw new Missed(`${frame.type} has no ${name}`);
  return value;
}

/** The user of a welcome. */
export function userOf(welcome: Frame): string {
  const user = welcome['user'];
  if (!isObject(user) || typeof user['id'] !== 'string') throw new Missed('welcome names no user');
  return user['id'];
}
