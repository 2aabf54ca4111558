/** Which part of the admin page an address names: what follows `/admin`. */

import { parseUuid } from '../../lib/ids';

export const TABS = ['overview', 'connections', 'endings', 'delivery'] as const;
export type Tab = (typeof TABS)[number];

export type Place =
  | { readonly is: 'overview' }
  | { readonly is: 'connections' }
  | { readonly is: 'endings' }
  | { readonly is: 'delivery'; readonly of: { readonly chat: string; readonly seq: number } | null }
  | { readonly is: 'cause'; readonly cause: string };

export const adminPaths = {
  tab: (tab: Tab) => (tab === 'overview' ? '/admin' : `/admin/${tab}`),
  trace: (chat: string, seq: number) => `/admin/delivery/${chat}/${seq}`,
  cause: (cause: string) => `/admin/causes/${cause}`,
};

const SEQ = /^[1-9][0-9]{0,15}$/;
const CAUSE = /^[a-z0-9_]{1,80}$/;

/** Null: the address leads nowhere. */
export function placeOf(parts: readonly string[]): Place | null {
  const [first, second, third] = parts;
  if (first === undefined) return { is: 'overview' };
  if (first === 'causes' && second !== undefined && parts.length === 2) {
    return CAUSE.test(second) ? { is: 'cause', cause: second } : null;
  }
  if (first === 'delivery' && second !== undefined && third !== undefined && parts.length === 3) {
    const chat = parseUuid(second);
    return chat !== null && SEQ.test(third) ? { is: 'delivery', of: { chat, seq: Number(third) } } : null;
  }
  if (parts.length > 1) return null;
  if (first === 'delivery') return { is: 'delivery', of: null };
  return first === 'connections' || first === 'endings' ? { is: first } : null;
}

/** The tab that a place belongs to. */
export function tabOf(place: Place): Tab {
  return place.is === 'cause' ? 'endings' : place.is;
}
