/** The address taken apart: what a WebSocket's may be, and what people write in its place. */

import { hidden } from './secrets';

export interface Address {
  /** As it was given, without what is secret in it. */
  readonly given: string;
  /** What keeps it from being the address of a WebSocket; the rest is empty then. */
  readonly fault: string | null;
  readonly scheme: 'ws' | 'wss';
  /** As in an address: IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** With its question mark; may hold a secret. */
  readonly query: string;
}

const ALL_CHATS = '/api/v1/ws';
const API = '/api/v1/';
const SCHEMES: Readonly<Record<string, 'ws' | 'wss'>> = { 'ws:': 'ws', 'wss:': 'wss', 'http:': 'ws', 'https:': 'wss' };
const PORTS = { ws: 80, wss: 443 } as const;

/** An address without a path leads to Tenfour's door; where a chat is named, the door of all chats gives way to its own. */
export function readAddress(given: string, chat = ''): Address {
  const text = given.trim();
  const url = URL.canParse(text) ? new URL(text) : null;
  const scheme = url === null ? undefined : SCHEMES[url.protocol];
  const fault = faultOf(text, url, scheme);
  if (url === null || scheme === undefined || fault !== null) {
    return { given: hidden(text), fault, scheme: 'wss', host: '', port: 0, path: '', query: '' };
  }
  const door = url.pathname === '/' ? ALL_CHATS : url.pathname;
  const isForAll = chat !== '' && door.endsWith(ALL_CHATS);
  const path = isForAll ? `${door.slice(0, -ALL_CHATS.length)}${API}chats/${encodeURIComponent(chat)}/ws` : door;
  const port = url.port === '' ? PORTS[scheme] : Number(url.port);
  return { given: hidden(text), fault: null, scheme, host: url.hostname, port, path, query: url.search };
}

function faultOf(text: string, url: URL | null, scheme: string | undefined): string | null {
  if (text === '') return 'none was given';
  if (!text.includes('://')) return 'it has no scheme; it begins with wss:// or ws://';
  if (url === null) return 'it cannot be taken apart; look at its host and port';
  if (scheme === undefined) return `its scheme is ${url.protocol.slice(0, -1)}, not ws or wss`;
  if (text.includes('#')) return "it has a #, which a WebSocket's address must not have";
  if (url.username !== '' || url.password !== '') return 'it has a user or a password, which no browser sends';
  return /[\s\p{Cc}]/u.test(text) ? 'it has a blank or a control character in it' : null;
}

/** Host and port, the port where it is not the scheme's own. */
export function authority({ scheme, host, port }: Address): string {
  return port === PORTS[scheme] ? host : `${host}:${port}`;
}

/** What to open, with more in its query. */
export function doorOf(address: Address, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(address.query);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  const text = query.toString();
  return `${address.scheme}://${authority(address)}${address.path}${text === '' ? '' : `?${text}`}`;
}

/** Where the server's other doors are: a proxy may publish it under a prefix. */
export function baseOf(address: Address, scheme: 'http' | 'https' = httpOf(address)): string {
  const at = address.path.indexOf(API);
  const own = httpOf(address) === scheme;
  const host = own ? authority(address) : `${address.host}:${address.port}`;
  return `${scheme}://${host}${at < 0 ? '' : address.path.slice(0, at)}`;
}

export function httpOf({ scheme }: Address): 'http' | 'https' {
  return scheme === 'wss' ? 'https' : 'http';
}

/** The chat of a chat's own door. */
export function chatOf({ path }: Address): string | null {
  return /\/api\/v1\/chats\/([^/]+)\/ws$/.exec(path)?.[1] ?? null;
}

/** This machine itself, which browsers trust without TLS. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

/** An address of a local network, which a public page may not speak to unasked. */
export function isPrivate(host: string): boolean {
  return (
    isLoopback(host) ||
    /^(10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./.test(host) ||
    /^\[f[cd]/i.test(host) ||
    host.endsWith('.local')
  );
}

/** Whether it is a number: then there is no name to be looked up. */
export function isNumeric(host: string): boolean {
  return host.startsWith('[') || /^\d+(\.\d+){3}$/.test(host);
}
