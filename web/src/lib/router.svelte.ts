/** Which page the address names. Links are plain `<a href>`: one listener takes them. */

import { parseUuid } from './ids';

export const SECTIONS = ['profile', 'sessions', 'appearance', 'notifications', 'about'] as const;
export type Section = (typeof SECTIONS)[number];

export type Route =
  | { name: 'chats' }
  | { name: 'chat'; chat: string }
  | { name: 'message'; chat: string; seq: number }
  | { name: 'details'; chat: string }
  | { name: 'settings'; section: Section | null }
  /** For administrators; `parts` is what follows in the address. */
  | { name: 'admin'; parts: readonly string[] }
  | { name: 'login' }
  | { name: 'register'; invite: string | null }
  | { name: 'setup'; secret: string }
  | { name: 'missing'; path: string };

/** Addresses of pages, for `href`. */
export const paths = {
  chats: '/',
  chat: (chat: string) => `/chats/${chat}`,
  message: (chat: string, seq: number) => `/chats/${chat}/messages/${seq}`,
  details: (chat: string) => `/chats/${chat}/details`,
  settings: (section?: Section) => (section === undefined ? '/settings' : `/settings/${section}`),
  admin: '/admin',
  login: '/login',
  register: '/register',
};

const SEQ = /^[1-9][0-9]{0,15}$/;

/** The page of an address. An id that is no UUID is a page that is missing: nothing is asked for it. */
export function routeOf(path: string, hash: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second, third, fourth] = parts;
  const secret = hash.replace(/^#/, '');
  const missing: Route = { name: 'missing', path };
  if (first === undefined) return { name: 'chats' };
  if (first === 'chats' && second !== undefined) {
    const chat = parseUuid(second);
    if (chat === null) return missing;
    if (parts.length === 2) return { name: 'chat', chat };
    if (parts.length === 3 && third === 'details') return { name: 'details', chat };
    const isMessage = parts.length === 4 && third === 'messages' && fourth !== undefined && SEQ.test(fourth);
    return isMessage ? { name: 'message', chat, seq: Number(fourth) } : missing;
  }
  if (first === 'settings' && parts.length <= 2) {
    if (second === undefined) return { name: 'settings', section: null };
    const section = SECTIONS.find((each) => each === second);
    return section === undefined ? missing : { name: 'settings', section };
  }
  if (first === 'admin') return { name: 'admin', parts: parts.slice(1) };
  if (parts.length > 1) return missing;
  if (first === 'login') return { name: 'login' };
  if (first === 'register') return { name: 'register', invite: secret === '' ? null : secret };
  if (first === 'setup') return { name: 'setup', secret };
  return missing;
}

export class Router {
  #route: Route = $state.raw({ name: 'chats' });
  #window: Window;
  #listening = new AbortController();

  constructor(page: Window = window) {
    this.#window = page;
    this.#read();
    const { signal } = this.#listening;
    page.addEventListener('popstate', () => this.#read(), { signal });
    page.addEventListener('hashchange', () => this.#read(), { signal });
    page.document.addEventListener('click', (event) => this.#clicked(event), { signal });
  }

  get route(): Route {
    return this.#route;
  }

  /** Goes to a page of our own. */
  go(path: string, { replace = false }: { replace?: boolean } = {}): void {
    const { location, history } = this.#window;
    const isHere = path === location.pathname + location.hash;
    if (replace || isHere) history.replaceState(null, '', path);
    else history.pushState(null, '', path);
    this.#read();
  }

  back(): void {
    this.#window.history.back();
  }

  dispose(): void {
    this.#listening.abort();
  }

  #read(): void {
    const { pathname, hash } = this.#window.location;
    this.#route = routeOf(pathname, hash);
  }

  #clicked(event: MouseEvent): void {
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!isPlain || event.defaultPrevented || !(event.target instanceof Element)) return;
    const link = event.target.closest('a');
    if (link === null || link.target !== '' || link.hasAttribute('download') || link.getAttribute('href') === null)
      return;
    const url = new URL(link.href, this.#window.location.href);
    if (url.origin !== this.#window.location.origin || url.pathname.startsWith('/api/')) return;
    if (url.pathname === this.#window.location.pathname && url.hash !== '') return; // a place on this page
    event.preventDefault();
    this.go(url.pathname + url.hash);
  }
}
