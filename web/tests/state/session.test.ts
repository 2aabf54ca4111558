import 'fake-indexeddb/auto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Locks } from '../../../clients/typescript/tests/browser';
import { noServer, Server } from '../../../clients/typescript/tests/server';
import { Kept } from '../../src/lib/kept';
import { Session, type SessionState } from '../../src/state/session.svelte';

const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
const PASSWORD = 'correct horse battery';

/** One browser: its cookies, its storage, and its tabs. */
class Browser {
  readonly #cookies = new Map<string, string>();
  readonly #tabs: Session[] = [];
  readonly #server: Server;
  requests: string[] = [];
  isOffline = false;

  constructor(server: Server) {
    this.#server = server;
    const stored = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      get length() {
        return stored.size;
      },
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, value: string) => stored.set(name, value),
      removeItem: (name: string) => stored.delete(name),
    });
  }

  tab(told: (state: SessionState) => void = () => undefined): Session {
    const session = new Session(this.#server.url, told, this.#fetch);
    this.#tabs.push(session);
    return session;
  }

  loseCookies(): void {
    this.#cookies.clear();
  }

  close(): void {
    for (const tab of this.#tabs) tab.dispose();
  }

  readonly #fetch: typeof fetch = async (input, init) => {
    if (this.isOffline) throw new TypeError('no network');
    const headers = new Headers(init?.headers);
    headers.set('Cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const path = new URL(String(input)).pathname;
    this.requests.push(`${init?.method ?? 'GET'} ${path.replace('/api/v1/', '')}`);
    const response = await fetch(input, { ...init, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = cookie.slice(0, cookie.indexOf(';')).split('=');
      if (value === '' || value === '""') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  };
}

describe.skipIf(noServer !== null)('a session', () => {
  let server: Server;
  let browser: Browser;
  let people = 0;

  beforeAll(async () => {
    server = await Server.start({ TENFOUR_REGISTRATION: 'open', TENFOUR_PASSWORD: PASSWORD });
    server.run('user', 'add', 'root', '--admin');
  }, 30_000);

  beforeEach(() => {
    browser = new Browser(server);
    vi.stubGlobal('navigator', {});
  });

  afterEach(() => {
    browser.close();
    vi.unstubAllGlobals();
  });

  afterAll(async () => {
    await server.end();
  });

  function newName(): string {
    people += 1;
    return `ann${people}`;
  }

  test('begins by registering, and is there at the next start', async () => {
    const name = newName();
    const first = browser.tab();
    await first.start();
    const before = first.state;

    await first.register(name, PASSWORD);
    const again = browser.tab();
    await again.start();

    expect(before).toEqual({ is: 'signed_out', why: null });
    expect(again.state).toMatchObject({ is: 'signed_in', me: { name }, offline: false });
    expect(again.server?.registration).toBe('open');
  });

  test('does not begin with a wrong password', async () => {
    const name = newName();
    const session = browser.tab();
    await session.register(name, PASSWORD);
    await session.logOut();

    await expect(session.logIn(name, 'wrong')).rejects.toMatchObject({ code: 'login_failed', status: 401 });

    expect(session.state).toEqual({ is: 'signed_out', why: null });
  });

  test('ends in every tab with a log-out, and nothing is kept of it', async () => {
    const one = browser.tab();
    await one.register(newName(), PASSWORD);
    const two = browser.tab();
    await two.start();
    if (one.state.is !== 'signed_in') throw new Error('not signed in');
    const { id } = one.state.me;
    const kept = await Kept.open(id);
    await kept.keepDraft('chat', 'secret');

    await one.logOut();

    await until(() => expect(two.state).toEqual({ is: 'signed_out', why: null }));
    expect(one.state).toEqual({ is: 'signed_out', why: null });
    expect(await indexedDB.databases()).toEqual([]);
    const again = browser.tab();
    await again.start();
    expect(again.state).toEqual({ is: 'signed_out', why: null });
  });

  test('that was left while the server was away is ended when it is back', async () => {
    const session = browser.tab();
    await session.register(newName(), PASSWORD);
    browser.isOffline = true;

    await expect(session.logOut()).rejects.toMatchObject({ why: 'unreachable' });
    const meanwhile = session.state;
    browser.isOffline = false;
    browser.requests = [];
    const again = browser.tab();
    await again.start();

    expect(meanwhile).toEqual({ is: 'signed_out', why: null });
    expect(again.state).toEqual({ is: 'signed_out', why: null });
    expect(browser.requests).toContain('DELETE sessions/current');
  });

  test('is taken for granted while nobody answers, and asked for when somebody does', async () => {
    const name = newName();
    await browser.tab().register(name, PASSWORD);
    browser.isOffline = true;
    const session = browser.tab();

    await session.start();
    const offline = session.state;
    browser.isOffline = false;
    await session.reached();

    expect(offline).toMatchObject({ is: 'signed_in', me: { name }, offline: true });
    expect(session.state).toMatchObject({ is: 'signed_in', offline: false });
  });

  test('nobody knows of is unreachable while nobody answers', async () => {
    browser.isOffline = true;
    const session = browser.tab();

    await session.start();

    expect(session.state).toEqual({ is: 'unreachable', why: 'unreachable' });
  });

  test('that is over says why', async () => {
    const first = browser.tab();
    await first.register(newName(), PASSWORD);
    browser.loseCookies();
    const session = browser.tab();

    await session.start();

    expect(session.state).toEqual({ is: 'signed_out', why: 'refresh_invalid' });
  });

  test.each([
    ['with locks', { locks: new Locks() }],
    ['without locks, as on plain http', {}],
  ])('is one for many tabs that renew their tokens together, %s', async (_, page) => {
    vi.stubGlobal('navigator', page);
    await browser.tab().register(newName(), PASSWORD);
    const tabs = Array.from({ length: 5 }, () => browser.tab());

    const tokens = await Promise.all(tabs.map((tab) => tab.token(true)));

    const answers = await Promise.all(tabs.map((tab) => tab.api.get('/api/v1/me', {})));
    expect(tokens.every((token) => token.length > 20)).toBe(true);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  });

  test('asks once for a token, however many ask at once', async () => {
    const session = browser.tab();
    await session.register(newName(), PASSWORD);
    browser.requests = [];

    const tokens = await Promise.all([session.token(true), session.token(true), session.token(true)]);

    expect(new Set(tokens).size).toBe(1);
    expect(browser.requests).toEqual(['POST sessions/refresh']);
  });

  test('keeps nothing for the next person whose session ended by itself', async () => {
    const first = browser.tab();
    await first.register(newName(), PASSWORD);
    if (first.state.is !== 'signed_in') throw new Error('not signed in');
    const kept = await Kept.open(first.state.me.id);
    await kept.keepDraft('chat', 'secret');
    browser.loseCookies();
    await expect(first.token(true)).rejects.toMatchObject({ code: 'refresh_invalid' });

    await browser.tab().register(newName(), PASSWORD);

    expect(await indexedDB.databases()).toEqual([]);
  });
});
