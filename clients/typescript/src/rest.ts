/** What the SDK asks over HTTP: pages of history and of events. */

import { eventsOf } from './codec';
import { inTime, type Clock } from './clock';
import type { Credentials } from './credentials';
import { errorOf, TenfourError } from './errors';
import type { Page } from './feed';
import type { AnyEvent, MessageSent, Seq } from './generated/frames';

const REST_TIMEOUT_MS = 15_000;
const PROBE_TIMEOUT_MS = 3_000;
const EVENTS_A_PAGE = 100;
const OK = 200;
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

type Query = Readonly<Record<string, number | undefined>>;
type Body = Readonly<Record<string, unknown>>;

/** Requests of one user. A refusal is a `TenfourError`; no answer is a `ConnectionError`. */
export class Rest {
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #fetch: typeof fetch;
  readonly #clock: Clock;
  readonly #open = new Set<AbortController>();

  constructor(url: string, credentials: Credentials, fetcher: typeof fetch, clock: Clock) {
    this.#url = url;
    this.#credentials = credentials;
    this.#fetch = fetcher;
    this.#clock = clock;
  }

  async history(chat: string, query: Query): Promise<HistoryPage> {
    const page = await this.#get(`chats/${chat}/messages`, query);
    const items = eventsIn(page).filter((event) => event.type === 'message_sent');
    return { items, has_before: page['has_before'] === true, has_after: page['has_after'] === true };
  }

  async events(chat: string, after: Seq): Promise<Page> {
    const page = await this.#get(`chats/${chat}/events`, { after, limit: EVENTS_A_PAGE });
    return { events: eventsIn(page), epoch: String(page['epoch']) };
  }

  /**
   * Why no socket opened, as far as a page may know: its script sees no more than close code 1006.
   *
   * `upgrade_failed` where HTTP gets through to the server and the upgrade does not, `http_STATUS` where something
   * else answers, `unreachable` where nothing does.
   */
  async whyNoSocket(): Promise<string> {
    try {
      const { status } = await this.#request(`${this.#url}/api/v1/ws`, {}, PROBE_TIMEOUT_MS);
      return status === UPGRADE_REQUIRED ? 'upgrade_failed' : `http_${status}`;
    } catch (cause) {
      if (cause instanceof ConnectionError) return 'unreachable';
      throw cause;
    }
  }

  /** Ends what is on its way. */
  close(): void {
    for (const request of this.#open) request.abort();
  }

  /** A good answer; a token that is refused is replaced once. */
  async #get(path: string, query: Query): Promise<Body> {
    const token = await this.#credentials.token();
    try {
      return await this.#getWith(token, path, query);
    } catch (cause) {
      if (!(cause instanceof TenfourError) || cause.retry !== 'with_new_token') throw cause;
    }
    return this.#getWith(await this.#credentials.newToken(token), path, query);
  }

  async #getWith(token: string, path: string, query: Query): Promise<Body> {
    const asked = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    const address = `${this.#url}/api/v1/${path}?${asked.join('&')}`;
    const answer = await this.#request(address, { Authorization: `Bearer ${token}` }, REST_TIMEOUT_MS);
    if (answer.status === OK && answer.body !== null) return answer.body;
    throw refusal(answer, this.#url);
  }

  async #request(address: string, headers: Record<string, string>, deadlineMs: number): Promise<Answer> {
    const aborting = new AbortController();
    this.#open.add(aborting);
    try {
      const asking = this.#fetch(address, { headers, signal: aborting.signal, credentials: 'omit', cache: 'no-store' });
      const reading = asking.then(async (response) => ({
        status: response.status,
        retryAfter: response.headers.get('Retry-After'),
        body: objectIn(await response.text()),
      }));
      return await inTime(this.#clock, deadlineMs, reading, () => new Error('no answer in time'));
    } catch (cause) {
      throw new ConnectionError(
        `${this.#url} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    } finally {
      aborting.abort();
      this.#open.delete(aborting);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Body | null;
}

/** The failure that an answer tells of: a problem of the catalogue, or the status of whatever stands between. */
function refusal({ status, retryAfter, body }: Answer, url: string): TenfourError {
  const retryAfterMs = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : null;
  if (typeof body?.['code'] !== 'string') {
    const detail = `${new URL(url).host} answered ${status}, and not as Tenfour does.`;
    return new TenfourError('internal', { detail, retryAfterMs });
  }
  return errorOf(body['code'], { detail: textIn(body, 'detail'), advice: textIn(body, 'advice'), retryAfterMs });
}

function textIn(body: Body, name: string): string {
  const text = body[name];
  return typeof text === 'string' ? text : '';
}

/** The object that a text is in JSON; null for what some proxy says. */
function objectIn(text: string): Body | null {
  try {
    const seen: unknown = JSON.parse(text);
    return isObject(seen) ? seen : null;
  } catch {
    return null;
  }
}

function eventsIn(page: Body): AnyEvent[] {
  return Array.isArray(page['items']) ? eventsOf(page['items']) : [];
}

function isObject(seen: unknown): seen is Body {
  return typeof seen === 'object' && seen !== null && !Array.isArray(seen);
}
