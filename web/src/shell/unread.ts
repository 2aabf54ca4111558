/** What is unread, over all chats. */
export interface Unread {
  /** Messages that are meant for the reader: in direct chats, and mentions elsewhere. */
  readonly direct: number;
  /** Something else is unread. */
  readonly rest: boolean;
}

interface Counted {
  readonly kind: string;
  readonly unread: number;
  readonly mentioned: boolean;
  readonly gone: string | null;
}

export function unreadOf(chats: readonly Counted[]): Unread {
  let direct = 0;
  let rest = false;
  for (const { kind, unread, mentioned, gone } of chats) {
    if (unread === 0 || gone !== null) continue;
    if (kind === 'direct') direct += unread;
    else if (mentioned) direct += 1;
    else rest = true;
  }
  return { direct, rest };
}

/** `99+` from a hundred on. */
export function badgeText(count: number): string {
  return count > 99 ? '99+' : String(count);
}

/** The title of the browser's tab: `(3) Ana · Tenfour`, `• Ana · Tenfour`, `Tenfour`. */
export function pageTitle(unread: Unread, screen: string | null, product = 'Tenfour'): string {
  const name = screen === null || screen === product ? product : `${screen} · ${product}`;
  if (unread.direct > 0) return `(${badgeText(unread.direct)}) ${name}`;
  return unread.rest ? `• ${name}` : name;
}
