/** Where this browser may have a token already: in what the page's own site has kept, or behind the server's cookie. */

import { isObject, isToken, readToken } from './token';

export interface Found {
  /** Where it was: the name under which it was kept. */
  readonly place: string;
  readonly token: string;
}

const DEPTH_MAX = 5;

/** Every value that is a JWT, also within JSON; the one that expires last stands first. */
export function tokensIn(storages: Readonly<Record<string, Storage>>): readonly Found[] {
  const found = Object.entries(storages).flatMap(([name, storage]) =>
    Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? '').flatMap((key) =>
      within(storage.getItem(key) ?? '', `${name} ${key}`, 0),
    ),
  );
  const unique = [...new Map(found.map((each) => [each.token, each])).values()];
  return unique.sort((one, other) => endOf(other) - endOf(one));
}

const endOf = ({ token }: Found): number => readToken(token).expiresMs ?? 0;

function within(value: unknown, place: string, depth: number): readonly Found[] {
  if (depth > DEPTH_MAX) return [];
  if (typeof value === 'string') return inText(value, place, depth);
  if (Array.isArray(value)) return value.flatMap((each, at) => within(each, `${place}[${at}]`, depth + 1));
  return isObject(value)
    ? Object.entries(value).flatMap(([name, each]) => within(each, `${place}.${name}`, depth + 1))
    : [];
}

function inText(text: string, place: string, depth: number): readonly Found[] {
  const bare = text.replace(/^Bearer /i, '').trim();
  if (isToken(bare)) return [{ place, token: bare }];
  if (!/^[[{"]/.test(text)) return [];
  try {
    return within(JSON.parse(text) as unknown, place, depth + 1);
  } catch (cause) {
    if (cause instanceof SyntaxError) return [];
    throw cause;
  }
}

/** What this page may look into; a page from a file or in a foreign frame may have none. */
export function storagesHere(): Readonly<Record<string, Storage>> {
  try {
    return { localStorage, sessionStorage };
  } catch (cause) {
    if (cause instanceof DOMException) return {};
    throw cause;
  }
}

/** An access token by the cookie of who is logged in here; null where nobody is. Rejects with `TypeError` where nobody answers. */
export async function tokenByCookie(): Promise<string | null> {
  const answer = await fetch('/api/v1/sessions/refresh', { method: 'POST' });
  if (!answer.ok) return null;
  const body: unknown = await answer.json();
  return isObject(body) && typeof body['access_token'] === 'string' ? body['access_token'] : null;
}
