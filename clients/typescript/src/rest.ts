/** What the SDK asks over HTTP: pages of history and of events. */

import type { HistoryOptions } from './chat.js';
import { inTime, type Clock } from './clock.js';
import { eventsOf } from './codec.js';
import type { Credentials } from './credentials.js';
import { errorOf, TenfourError } from './errors.js';
import type { Page } from './feed.js';
import type { MessageSent, Seq } from './generated/frames.js';

const REST_TIMEOUT_MS = 15_000;
const PROBE_TIMEOUT_MS = 3_000;
const EVENTS_A_PAGE = 100;
const UPGRADE_REQUIRED = 426;

/** Nobody answered. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** A page of messages in the order of the chat. */
export interface HistoryPage {
  readonly items: readonly MessageSent[];
  readonly has_before: boolean;
  readonly has_after: boolean;
}

/** What a server may say in the body of an answer: a page, a problem of the catalogue, or nothing that is known. */
interface Body {
  readonly items?: readonly unknown[];
  readonly epoch?: string;
  readonly has_before?: boolean;
  readonly has_after?: boolean;
  readonly code?: string;
  readonly detail?: string;
  readonly advice?: string;
}

/** Requests of one user. A refusal is a `TenfourError`; no answer is a `ConnectionError`. */
export class Rest {
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #fetch: typeof fetch;
  readonly #clock: Clock;
  readonly #requests = new Set<AbortController>();
  #isClosed = false;

  constructor(url: string, credentials: Credentials, fetcher: typeof fetch, clock: Clock) {
    this.#url = `${url}/api/v1/`;
    this.#credentials = credentials;
    this.#fetch = fetcher;
    this.#clock = clock;
  }

  async history(chat: string, query: HistoryOptions): Promise<HistoryPage> {
    const { items = [], has_before = false, has_after = false } = await this.#get(`chats/${chat}/messages`, query);
    return { items: eventsOf(items).filter((event) => event.type === 'message_sent'), has_before, has_after };
  }

  async events(chat: string, after: Seq): Promise<Page> {
    const { items = [], epoch = '' } = await this.#get(`chats/${chat}/events`, { after, limit: EVENTS_A_PAGE });
    return { events: eventsOf(items), epoch };
  }

  /**
   * Why no socket opened, as far as a page may know: its script sees no more than close code 1006.
   *
   * `upgrade_failed` where HTTP gets through to the server and the upgrade does not, `http_STATUS` where something
   * else answers, `unreachable` where nothing does.
   */
  async whyNoSocket(): Promise<string> {
    try {
      const { status } = await this.#ask('ws', {}, PROBE_TIMEOUT_MS);
      return status === UPGRADE_REQUIRED ? 'upgrade_failed' : `http_${status}`;
    } catch {
      return 'unreachable';
    }
  }

  /** Ends what is on its way. */
  close(): void {
    this.#isClosed = true;
    for (const request of this.#requests) request.abort();
  }

  /** A good answer; a token that is refused is replaced once. */
  async #get(path: string, query: object, refused?: string): Promise<Body> {
    const token = await (refused === undefined ? this.#credentials.token() : this.#credentials.newToken(refused));
    const asked = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
    const headers = { Authorization: `Bearer ${token}` };
    const { status, body, retryAfterMs } = await this.#ask(`${path}?${asked.join('&')}`, headers, REST_TIMEOUT_MS);
    if (status === 200 && Array.isArray(body.items)) return body;
    if (body.code === undefined) {
      const detail = `${this.#url} answered ${status}, and not as Tenfour does.`;
      throw new TenfourError('internal', { detail, retryAfterMs });
    }
    const refusal = errorOf(body.code, { ...body, retryAfterMs });
    if (refusal.retry === 'with_new_token' && refused === undefined) return this.#get(path, query, token);
    throw refusal;
  }

  async #ask(path: string, headers: Record<string, string>, deadlineMs: number): Promise<Answer> {
    const request = new AbortController();
    const { signal } = request;
    this.#requests.add(request);
    if (this.#isClosed) request.abort();
    try {
      const answer = this.#fetch(this.#url + path, { headers, signal, credentials: 'omit', cache: 'no-store' });
      return await inTime(this.#clock, deadlineMs, answer.then(read), 'no answer in time');
    } catch (cause) {
      throw new ConnectionError(`${this.#url} does not answer: ${String(cause)}`, { cause });
    } finally {
      request.abort();
      this.#requests.delete(request);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly retryAfterMs: number | null;
}

/** The object in the body; an empty one for what some proxy says. */
async function read(response: Response): Promise<Answer> {
  const body: unknown = await response.json().catch(() => null);
  const retryAfterMs = Number(response.headers.get('Retry-After')) * 1000 || null;
  return { status: response.status, body: Object(body) as Body, retryAfterMs };
}
