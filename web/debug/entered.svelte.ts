/** What is filled in on both pages, by hand or with one click. */

import { baseOf, readAddress, type Address } from './address';
import { call, pageHere } from './examine';
import { storagesHere, tokenByCookie, tokensIn, type Found } from './found';
import { Log } from './log';
import { isObject } from './token';

export interface KnownChat {
  readonly id: string;
  readonly name: string;
}

const SHOWN_MAX = 5;

export class Entered {
  address = $state('');
  chat = $state('');
  token = $state('');
  /** What became of the last click. */
  filled = $state('');
  /** Tokens that the page's own site has kept. */
  found = $state.raw<readonly Found[]>([]);
  /** The user's most recently active chats, where they were asked for. */
  chats = $state.raw<readonly KnownChat[]>([]);
  readonly page = pageHere();

  constructor() {
    this.found = tokensIn(storagesHere()).slice(0, SHOWN_MAX);
    const asked = new URLSearchParams(location.hash.slice(1));
    this.chat = asked.get('chat') ?? '';
    this.address = asked.get('url') ?? (this.isServed ? location.origin.replace(/^http/, 'ws') : '');
  }

  /** Whether a server gave this page, which then is likely the one in question. */
  get isServed(): boolean {
    return this.page.protocol !== 'file:';
  }

  get read(): Address {
    return readAddress(this.address, this.chat.trim());
  }

  /** What is wrong with the address, once there is one. */
  get fault(): string | undefined {
    const { fault } = this.read;
    return this.address.trim() === '' || fault === null ? undefined : `This is no address: ${fault}.`;
  }

  /** Whether the cookie of this page's server can give a token for that address. */
  get isOwn(): boolean {
    return this.isServed && this.read.fault === null && baseOf(this.read) === location.origin;
  }

  async take({ token, place }: Found): Promise<void> {
    this.token = token;
    this.filled = `Taken from ${place}.`;
    await this.listChats();
  }

  async takeByCookie(): Promise<void> {
    try {
      const token = await tokenByCookie();
      this.filled =
        token === null
          ? 'Nobody is logged in here: log in at this server, then try again.'
          : 'The token of who is logged in here.';
      if (token === null) return;
      this.token = token;
      await this.listChats();
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      this.filled = 'The server did not answer.';
    }
  }

  /** The chats of the token's user; none where the server does not say. */
  async listChats(): Promise<void> {
    if (this.read.fault !== null || this.token.trim() === '') return;
    const url = `${baseOf(this.read)}/api/v1/chats?limit=${SHOWN_MAX}`;
    const told = await call('GET', url, this.token.trim(), new Log());
    const items: unknown = told?.['items'];
    this.chats = Array.isArray(items) ? items.flatMap(chatOf) : [];
  }
}

function chatOf(seen: unknown): readonly KnownChat[] {
  if (!isObject(seen) || typeof seen['id'] !== 'string') return [];
  const { id, title, other } = seen;
  const name = isObject(other) ? other['name'] : title;
  return [{ id, name: typeof name === 'string' && name !== '' ? name : `${id.slice(0, 8)}…` }];
}
