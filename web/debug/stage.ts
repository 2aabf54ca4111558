/** Where a scenario plays: its clients, its chat, and what ends them all. */

import { Client, Singles, type ClientOptions } from '@tenfour/client';
import { baseOf, readAddress } from './address';
import { Basics, doorOfChat } from './basics';
import { call } from './examine';
import type { Log } from './log';
import { relay, type Relay } from './relay';
import { expect, Skipped } from './scenario';
import type { Json } from './token';
import { carrying, Missed, Wire } from './wire';

export interface Setup {
  readonly url: string;
  /** A chat of the user's; empty for one that the server makes for tests. */
  readonly chat: string;
  readonly token: string;
  /** Of a second account; empty without one. */
  readonly otherToken: string;
  /** A token that has expired; empty without one. */
  readonly expiredToken: string;
}

export class Stage {
  readonly base: string;
  #chat = '';
  readonly #wires: Wire[] = [];
  readonly #clients: { close(): Promise<void> }[] = [];
  readonly #made: { readonly chat: string; readonly token: string }[] = [];

  constructor(
    readonly setup: Setup,
    readonly log: Log,
  ) {
    const address = readAddress(setup.url);
    this.base = address.fault === null ? baseOf(address) : '';
    log.conceal(setup.token, setup.otherToken, setup.expiredToken);
  }

  /** The chat of the scenario: the one that was named, or one for tests, which only its owner sees. */
  async chat(): Promise<string> {
    if (this.#chat === '')
      this.#chat = this.setup.chat !== '' ? this.setup.chat : await this.testChat(this.setup.token);
    return this.#chat;
  }

  /** A chat that the server makes for tests; each user has at most one at a time. */
  async testChat(token: string): Promise<string> {
    const made = await this.ask('POST', '/diagnostics/delivery', token);
    const chat = made['chat'];
    if (typeof chat !== 'string') throw new Missed('the server made no chat for the test');
    if (!this.#made.some((each) => each.chat === chat)) this.#made.push({ chat, token });
    return chat;
  }

  /** Throws `Missed` with the server's words where it refuses. */
  async ask(method: string, path: string, token = this.setup.token, body?: Json): Promise<Json> {
    const told = await call(method, `${this.base}/api/v1${path}`, token, this.log, body);
    if (told === null) throw new Missed(`${method} ${path} got no answer that this page may read`);
    const { code, detail } = told;
    if (typeof code === 'string' && typeof detail === 'string')
      throw new Missed(`${method} ${path} was refused with ${code}: ${detail}`);
    return told;
  }

  /** At the chat's own door, welcomed and live. */
  async enter(line: string, token = this.setup.token, chat?: string): Promise<Wire> {
    const wire = await this.knock(line, chat ?? (await this.chat()), token);
    await wire.next('welcome');
    await wire.next('synced');
    return wire;
  }

  /** At a chat's own door, whatever comes of it. */
  async knock(line: string, chat: string, token = this.setup.token): Promise<Wire> {
    const { path } = doorOfChat(this.setup.url, chat);
    const wire = new Wire(
      `${this.base.replace(/^http/, 'ws')}${path.slice(path.indexOf('/api/v1/'))}`,
      carrying(token),
      this.log,
      line,
    );
    this.#wires.push(wire);
    await wire.settled;
    if (wire.openMs === null) throw new Missed(`${line} did not open; /debug says why`);
    return wire;
  }

  basics(chat: string): Basics {
    const basics = new Basics(this.setup.url, chat, this.setup.token, this.log);
    this.#clients.push(basics);
    return basics;
  }

  /** A client of the SDK on a line that can be cut. */
  client(line: string, options: Partial<ClientOptions> = {}): { readonly client: Client; readonly relay: Relay } {
    const made = relay(this.log, line);
    const client = new Client({
      url: this.base,
      token: this.setup.token,
      keeping: null,
      log: OFF,
      webSocket: made.make,
      ...options,
    });
    this.#clients.push(client);
    return { client, relay: made };
  }

  singles(line: string): Singles {
    const singles = new Singles({
      url: this.base,
      token: this.setup.token,
      log: OFF,
      webSocket: relay(this.log, line).make,
    });
    this.#clients.push(singles);
    return singles;
  }

  get other(): string {
    if (this.setup.otherToken === '') throw new Skipped('needs the token of a second account');
    return this.setup.otherToken;
  }

  /** Everything that was opened and made is gone afterwards. */
  async end(): Promise<void> {
    await Promise.all([...this.#clients.map((client) => client.close()), ...this.#wires.map((wire) => wire.shut())]);
    for (const { chat, token } of this.#made)
      await call('DELETE', `${this.base}/api/v1/diagnostics/delivery/${chat}`, token, this.log);
  }
}

const OFF = { connection: 'off', store: 'off' } as const;

/** Rejects with `Missed` where it takes longer. */
export async function inTime<T>(what: Promise<T>, name: string, ms = 15_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Missed(`${name} did not come within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([what, late]);
  } finally {
    clearTimeout(timer);
  }
}

export { expect };
