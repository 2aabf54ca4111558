/** The server's REST interface, typed by its own description (`generated/api.ts`, made by `npm run api-types`). */

import { failureOf } from '@tenfour/client';
import type { components, paths } from './generated/api';

export type Shapes = components['schemas'];

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

type Operation<P extends keyof paths, M extends Method> = Exclude<paths[P][M], undefined>;

/** The addresses that take a method. */
type Taking<M extends Method> = { [P in keyof paths]: [Operation<P, M>] extends [never] ? never : P }[keyof paths];

type Content<R> = R extends { content: { 'application/json': infer Body } } ? Body : undefined;

type Answer<O> = O extends { responses: infer R }
  ? { [S in keyof R]: S extends 200 | 201 | 204 ? Content<R[S]> : never }[keyof R]
  : never;

type Parameter<O, Where extends 'path' | 'query'> = O extends { parameters: { [W in Where]?: infer T } }
  ? Exclude<T, undefined>
  : never;

type Body<O> = O extends { requestBody?: { content: { 'application/json': infer T } } | undefined } ? T : never;

type Given<O> = ([Parameter<O, 'path'>] extends [never] ? unknown : { path: Parameter<O, 'path'> }) &
  ([Parameter<O, 'query'>] extends [never] ? unknown : { query?: Parameter<O, 'query'> }) &
  ([Body<O>] extends [never] ? unknown : { body?: Body<O> }) & { signal?: AbortSignal | undefined };

/** The server said no: a row of its catalogue of failures. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
    readonly advice: string,
    readonly retryAfterMs: number | null = null,
    /** Names the request in the server's log. */
    readonly requestId: string | null = null,
  ) {
    super(`${code}: ${detail}`);
  }
}

/** Nobody answered, or something that is not the server did. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';

  constructor(
    /** What answered in the server's place, if anything: `http_502`. */
    readonly why: string,
    options?: ErrorOptions,
  ) {
    super(why, options);
  }
}

/** Gives the access token; with `renew` another one than the last. */
export type TokenSource = (renew: boolean) => Promise<string>;

interface Asked {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

export class Api {
  #origin: string;
  #token: TokenSource | null;
  #fetch: typeof fetch;

  /** Without a token it asks as nobody. */
  constructor(origin: string, token: TokenSource | null, send: typeof fetch = (input, init) => fetch(input, init)) {
    this.#origin = origin;
    this.#token = token;
    this.#fetch = send;
  }

  get<P extends Taking<'get'>>(path: P, given: Given<Operation<P, 'get'>>): Promise<Answer<Operation<P, 'get'>>> {
    return this.#ask('GET', path, given);
  }

  post<P extends Taking<'post'>>(path: P, given: Given<Operation<P, 'post'>>): Promise<Answer<Operation<P, 'post'>>> {
    return this.#ask('POST', path, given);
  }

  put<P extends Taking<'put'>>(path: P, given: Given<Operation<P, 'put'>>): Promise<Answer<Operation<P, 'put'>>> {
    return this.#ask('PUT', path, given);
  }

  patch<P extends Taking<'patch'>>(
    path: P,
    given: Given<Operation<P, 'patch'>>,
  ): Promise<Answer<Operation<P, 'patch'>>> {
    return this.#ask('PATCH', path, given);
  }

  delete<P extends Taking<'delete'>>(
    path: P,
    given: Given<Operation<P, 'delete'>>,
  ): Promise<Answer<Operation<P, 'delete'>>> {
    return this.#ask('DELETE', path, given);
  }

  /** Sends bytes, such as a picture, and gives what the server answers. */
  async upload<P extends Taking<'put'>>(
    path: P,
    bytes: Blob,
    signal?: AbortSignal,
  ): Promise<Answer<Operation<P, 'put'>>> {
    const headers = { 'Content-Type': bytes.type };
    return this.#answer(
      await this.#authorised(`${this.#origin}${path}`, { method: 'PUT', body: bytes, headers, signal: signal ?? null }),
    );
  }

  async #ask<T>(method: string, path: string, { path: named = {}, query = {}, body, signal }: Asked): Promise<T> {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(named[name] ?? ''));
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined) search.set(name, String(value));
    }
    const url = `${this.#origin}${filled}${search.size > 0 ? `?${search.toString()}` : ''}`;
    const init: RequestInit = { method, signal: signal ?? null };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { 'Content-Type': 'application/json' };
    }
    return this.#answer(await this.#authorised(url, init));
  }

  /** Asks with the token, and once more with another one where the server says that it would help. */
  async #authorised(url: string, init: RequestInit): Promise<Response> {
    if (this.#token === null) return this.#send(url, init);
    const known = await this.#token(false);
    const response = await this.#send(url, init, known);
    if (!wantsAnotherToken(response)) return response;
    const renewed = await this.#token(true);
    return renewed === known ? response : this.#send(url, init, renewed);
  }

  async #send(url: string, init: RequestInit, token?: string): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('Accept', 'application/json');
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    try {
      return await this.#fetch(url, { ...init, headers, credentials: 'same-origin' });
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
      throw new Unreachable('unreachable', { cause });
    }
  }

  async #answer<T>(response: Response): Promise<T> {
    const type = response.headers.get('content-type') ?? '';
    if (response.ok && response.status !== 204 && !type.includes('json'))
      throw new Unreachable(`http_${response.status}`);
    if (response.ok) return (response.status === 204 ? undefined : await jsonOf(response)) as T; // what the server's description says
    throw type.includes('json')
      ? problemOf(response, await jsonOf(response))
      : new Unreachable(`http_${response.status}`);
  }
}

/** Not every 401 is about the token: a wrong old password, sent twice, would count as two attempts. */
function wantsAnotherToken(response: Response): boolean {
  if (response.status !== 401) return false;
  const code = /error="(\w+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  return failureOf(code)?.retry === 'with_new_token';
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Unreachable('cut_off', { cause });
  }
}

function problemOf(response: Response, body: unknown): Problem | Unreachable {
  if (typeof body !== 'object' || body === null || !('code' in body) || typeof body.code !== 'string') {
    return new Unreachable(`http_${response.status}`);
  }
  const text = (name: string): string => {
    const value: unknown = Reflect.get(body, name);
    return typeof value === 'string' ? value : '';
  };
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Problem(
    body.code,
    response.status,
    text('detail'),
    text('advice'),
    Number.isFinite(wait) ? wait * 1000 : null,
    response.headers.get('x-request-id'),
  );
}
