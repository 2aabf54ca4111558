/** Goes the way to the server, as far as a browser can, and writes down what it sees. */

import { baseOf, doorOf, httpOf, readAddress } from './address';
import {
  nothing,
  type Asked,
  type Attempt,
  type Carrier,
  type Delivery,
  type Evidence,
  type Greeting,
  type Page,
  type Refused,
} from './evidence';
import { isMixed } from './judge';
import type { Log } from './log';
import { isObject, readToken, type Json } from './token';
import { carrying, Missed, PROTOCOL, Wire } from './wire';

/** What is to be examined, as somebody typed it. */
export interface Target {
  readonly address: string;
  readonly chat: string;
  readonly token: string;
  readonly carrier: Carrier;
}

export interface Examined {
  readonly evidence: Evidence;
  /** Open and past its welcome. */
  readonly wire: Wire | null;
}

const GREETING = '/api/v1/diagnostics/page';
const ASK_MS = 5_000;
const HANDSHAKE_MS = 6_000;
/** Tenfour waits five seconds for a token that comes in a first frame. */
const WELCOME_MS = 8_000;
const PINGS = 10;
const HEAD_CHARS = 400;

export function pageHere(): Page {
  const { origin, protocol, hostname } = location;
  return { origin: origin === 'file://' ? 'null' : origin, protocol, hostname, isOnline: navigator.onLine };
}

/** What is seen is told step by step. */
export async function examine(target: Target, log: Log, tell: (evidence: Evidence) => void): Promise<Examined> {
  log.conceal(target.token);
  const address = readAddress(target.address, target.chat);
  const token = readToken(target.token);
  let evidence = nothing(pageHere(), address, target.chat, token, target.carrier);
  const saw = (more: Partial<Evidence>): void => tell((evidence = { ...evidence, ...more }));
  saw({});
  if (address.fault !== null) return { evidence, wire: null };
  if (!isMixed(evidence)) {
    saw(await greet(evidence, log));
    if ((evidence.greeting?.refusal ?? null) !== null) return { evidence, wire: null };
    if (evidence.greeting !== null) saw({ notReady: await askReady(evidence, log) });
    else if (evidence.http?.is !== 'timed_out') saw({ otherScheme: await askOtherScheme(evidence, log) });
  }
  const { attempt, wire } = await tryDoor(evidence, target, target.carrier, log);
  saw({ attempt });
  if (attempt.outcome === 'refused' || attempt.outcome === 'hanging') await lookCloser();
  if (attempt.close?.reason.startsWith('token_missing') === true && token.isGiven && target.carrier !== 'first_frame') {
    const byFrame = await tryDoor(evidence, target, 'first_frame', log);
    await byFrame.wire?.shut();
    saw({ byFrame: byFrame.attempt });
  }
  if (wire === null) return { evidence, wire };
  saw({ tripsMs: await ping(wire) });
  if (token.isGiven && evidence.greeting !== null && hasRoom(wire))
    saw({ delivery: await deliver(evidence, target, log) });
  return { evidence, wire };

  /** A refusal is hidden from pages: the server is asked, then the same is tried without a subprotocol, then without an upgrade. */
  async function lookCloser(): Promise<void> {
    if (evidence.greeting === null && hasFailed(evidence.http)) return;
    if (attempt.refused !== null) return;
    const bare = await tryBare(evidence, log);
    saw({ bare });
    if (bare.openMs === null) saw({ door: (await ask(doorOf(address).replace(/^ws/, 'http'), log)).asked });
  }
}

const hasFailed = (asked: Asked | null): boolean => asked?.is === 'failed' || asked?.is === 'timed_out';

// HTTP

/** Whether this page may connect there: asked before anything is tried. */
export async function greet(
  evidence: Pick<Evidence, 'address' | 'page'>,
  log: Log,
  mark = '',
): Promise<Pick<Evidence, 'http' | 'greeting'>> {
  const url = `${baseOf(evidence.address)}${GREETING}?origin=${encodeURIComponent(evidence.page.origin)}${mark === '' ? '' : `&mark=${mark}`}`;
  const beforeMs = Date.now();
  const { asked, body } = await ask(url, log);
  return { http: asked, greeting: greetingOf(body, (beforeMs + Date.now()) / 2) };
}

function greetingOf(body: unknown, localMs: number): Greeting | null {
  if (!isObject(body) || body['name'] !== 'tenfour' || typeof body['server_time'] !== 'string') return null;
  const { origin, host, secure, refusal } = body;
  return {
    origin: typeof origin === 'string' ? origin : null,
    host: typeof host === 'string' ? host : '',
    secure: secure === true,
    refusal: refusedOf(refusal),
    serverMs: Date.parse(body['server_time']),
    localMs,
  };
}

function refusedOf(seen: unknown): Refused | null {
  if (!isObject(seen)) return null;
  const { status, code, detail } = seen;
  return typeof status === 'number' && typeof code === 'string' && typeof detail === 'string'
    ? { status, code, detail }
    : null;
}

/** What the server says about the upgrade of this mark. */
async function askWhy({ address, page }: Evidence, mark: string, log: Log): Promise<Refused | null> {
  const url = `${baseOf(address)}${GREETING}?origin=${encodeURIComponent(page.origin)}&mark=${mark}`;
  const { body } = await ask(url, log);
  return isObject(body) ? refusedOf(body['refused']) : null;
}

async function askReady({ address }: Evidence, log: Log): Promise<readonly string[] | null> {
  const { body } = await ask(`${baseOf(address)}/api/v1/health/ready`, log);
  const reasons = isObject(body) ? body['reasons'] : null;
  return Array.isArray(reasons) ? reasons.filter((each): each is string => typeof each === 'string') : null;
}

/** The same port by https in place of http, or the reverse; a page of https may not ask the latter. */
async function askOtherScheme({ address, page }: Evidence, log: Log): Promise<Evidence['otherScheme']> {
  const other = httpOf(address) === 'http' ? 'https' : 'http';
  if (page.protocol === 'https:' && other === 'http') return null;
  const { asked, body } = await ask(`${baseOf(address, other)}${GREETING}`, log);
  return { ...asked, isTenfour: isObject(body) && body['name'] === 'tenfour' };
}

/** A GET, first so that the answer can be read; where the browser forbids that, only whether there is one. */
async function ask(url: string, log: Log): Promise<{ readonly asked: Asked; readonly body: unknown }> {
  const began = performance.now();
  const took = (): number => performance.now() - began;
  try {
    const answer = await fetch(url, { credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(ASK_MS) });
    const text = await answer.text();
    log.add('note', `GET ${url}: ${answer.status}`);
    const type = answer.headers.get('content-type') ?? '';
    const asked: Asked = {
      is: 'answered',
      tookMs: took(),
      status: answer.status,
      type,
      head: text.slice(0, HEAD_CHARS),
      wasRedirected: answer.redirected,
      server: answer.headers.get('server') ?? '',
      version: versionOf(answer.url),
    };
    return { asked, body: type.includes('json') ? jsonOf(text) : null };
  } catch (cause) {
    return { asked: await askBlindly(url, cause, took, log), body: null };
  }
}

async function askBlindly(url: string, cause: unknown, took: () => number, log: Log): Promise<Asked> {
  if (isTimeout(cause)) return silent();
  if (!(cause instanceof TypeError)) throw cause;
  try {
    await fetch(url, { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(ASK_MS) });
    log.add('note', `GET ${url}: an answer that this page may not read`);
    return { is: 'hidden', tookMs: took() };
  } catch (second) {
    if (isTimeout(second)) return silent();
    if (!(second instanceof TypeError)) throw second;
    log.add('note', `GET ${url}: failed`);
    return { is: 'failed', tookMs: took() };
  }

  function silent(): Asked {
    log.add('note', `GET ${url}: no answer in time`);
    return { is: 'timed_out', tookMs: took() };
  }
}

const isTimeout = (cause: unknown): boolean => cause instanceof DOMException && cause.name === 'TimeoutError';

/** The version of HTTP of the last request to an address, where the browser tells it to this page. */
function versionOf(url: string): string {
  const [timing] = performance.getEntriesByName(url, 'resource').slice(-1);
  return timing instanceof PerformanceResourceTiming ? timing.nextHopProtocol : '';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}

// WebSocket

/** A mark that nobody guesses, by which the server can be asked what became of an upgrade. */
function newMark(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, '0')).join('');
}

async function tryDoor(
  evidence: Evidence,
  { token }: Target,
  carrier: Carrier,
  log: Log,
): Promise<{ readonly attempt: Attempt; readonly wire: Wire | null }> {
  const mark = newMark();
  const url = doorOf(evidence.address, { mark, ...(carrier === 'query' && token !== '' ? { token } : {}) });
  const isFirst = carrier === 'first_frame' && token !== '';
  const dialled = await dial(
    url,
    carrying(carrier === 'subprotocol' ? token : ''),
    log,
    isFirst ? (wire) => wire.say({ type: 'authenticate', token }) : undefined,
  );
  if (dialled.attempt.outcome !== 'refused' || evidence.greeting === null) return dialled;
  return { ...dialled, attempt: { ...dialled.attempt, refused: await askWhy(evidence, mark, log) } };
}

/** Only whether it opens without a subprotocol: who is there would wait for a token. */
async function tryBare({ address }: Evidence, log: Log): Promise<Attempt> {
  const began = performance.now();
  const wire = new Wire(doorOf(address), [], log);
  await within(wire.settled, HANDSHAKE_MS);
  const { openMs, close } = wire;
  await wire.shut();
  const outcome = openMs !== null ? 'silent' : close === null ? 'hanging' : 'refused';
  return { ...UNTRIED, outcome, tookMs: performance.now() - began, openMs, close };
}

const UNTRIED: Attempt = {
  outcome: 'threw',
  tookMs: 0,
  openMs: null,
  threw: null,
  subprotocol: '',
  close: null,
  first: '',
  refused: null,
  byPolicy: false,
};

async function dial(
  url: string,
  protocols: readonly string[],
  log: Log,
  onOpen?: (wire: Wire) => void,
): Promise<{ readonly attempt: Attempt; readonly wire: Wire | null }> {
  const began = performance.now();
  let byPolicy = false;
  const violated = (): void => void (byPolicy = true);
  document.addEventListener('securitypolicyviolation', violated);
  try {
    const wire = new Wire(url, protocols, log);
    await within(wire.settled, HANDSHAKE_MS);
    if (wire.openMs !== null) onOpen?.(wire);
    const outcome = wire.openMs === null ? (wire.close === null ? 'hanging' : 'refused') : await outcomeOf(wire);
    const { openMs, subprotocol, close } = wire;
    if (outcome !== 'welcome' && close === null) void wire.shut();
    const first = outcome === 'welcome' ? admission(wire) : (wire.first ?? '').slice(0, HEAD_CHARS / 2);
    const attempt = {
      ...UNTRIED,
      outcome,
      tookMs: performance.now() - began,
      openMs,
      subprotocol,
      close,
      first,
      byPolicy,
    };
    return { attempt, wire: outcome === 'welcome' ? wire : null };
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause;
    log.add('failed', `${cause.name}: ${cause.message}`);
    return { attempt: { ...UNTRIED, threw: cause.name, byPolicy }, wire: null };
  } finally {
    document.removeEventListener('securitypolicyviolation', violated);
  }
}

async function outcomeOf(wire: Wire): Promise<Attempt['outcome']> {
  const heard = new Promise<void>((resolve) => {
    if (wire.first !== null) resolve();
    else wire.onText = () => resolve();
  });
  await within(Promise.race([heard, wire.over]), WELCOME_MS);
  wire.onText = null;
  const [frame] = wire.frames;
  if (frame?.type === 'welcome') return 'welcome';
  // `goodbye` comes before the close frame that says the same.
  if (frame?.type === 'goodbye') await within(wire.over, HANDSHAKE_MS);
  if (wire.close !== null) return 'closed';
  return wire.first === null ? 'silent' : 'other_frame';
}

async function within(what: Promise<unknown>, ms: number): Promise<void> {
  await Promise.race([what, new Promise((resolve) => setTimeout(resolve, ms))]);
}

/** Who was let in, and where. */
function admission({ frames: [welcome] }: Wire): string {
  const user = welcome?.['user'];
  const name = isObject(user) && typeof user['name'] === 'string' ? user['name'] : 'somebody';
  const chats = welcome?.['chats'];
  const many = Array.isArray(chats) ? chats.length : 0;
  const more = welcome?.['chats_more'] === true ? ' and more' : '';
  return `${name}, connection ${textOf(welcome?.['connection'])} at node ${textOf(welcome?.['node'])}, ${many}${more} ${many === 1 ? 'chat' : 'chats'}`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : 'unknown');

async function ping(wire: Wire): Promise<readonly number[]> {
  const times: number[] = [];
  try {
    for (let turn = 0; turn < PINGS; turn += 1) {
      const began = performance.now();
      wire.say({ type: 'ping', id: `p${turn}` });
      await wire.next('pong', (frame) => frame['id'] === `p${turn}`, ASK_MS);
      times.push(performance.now() - began);
    }
  } catch (cause) {
    if (!(cause instanceof Missed)) throw cause;
  }
  return times;
}

// Delivery

const OWN_CONNECTIONS = 3;

/** Whether two more connections of this user take nobody's place: not that of the one that is shown, at least. */
function hasRoom({ frames: [welcome] }: Wire): boolean {
  const limits = welcome?.['limits'];
  const most = isObject(limits) ? limits['connections_per_user'] : null;
  return typeof most !== 'number' || most > OWN_CONNECTIONS;
}

/** In a chat that the server makes for it and that no one else sees. */
async function deliver({ address }: Evidence, { token }: Target, log: Log): Promise<Delivery | null> {
  const began = performance.now();
  const path = `${baseOf(address)}/api/v1/diagnostics/delivery`;
  const made = await call('POST', path, token, log);
  if (made === null) return null;
  const chat = made['chat'];
  if (typeof chat !== 'string')
    return { tookMs: performance.now() - began, ackMs: null, receivedMs: null, error: textOf(made['code']) };
  const door = doorOf({
    ...address,
    path: `${address.path.split('/api/v1/', 1)[0] ?? ''}/api/v1/chats/${chat}/ws`,
    query: '',
  });
  const [sender, receiver] = [
    new Wire(door, carrying(token), log, 'sender'),
    new Wire(door, carrying(token), log, 'receiver'),
  ];
  try {
    await Promise.all([sender.next('welcome'), receiver.next('welcome')]);
    // At a chat's own door the chat is live once it is synced.
    await receiver.next('synced');
    const sentMs = performance.now();
    const key = newMark();
    sender.say({ type: 'send', key, text: 'A test of the browser debugger' });
    const [ackMs, receivedMs] = await Promise.all([
      since(
        sender.next('ack', (frame) => frame['key'] === key, ASK_MS),
        sentMs,
      ),
      since(
        receiver.next('message_sent', (frame) => frame['key'] === key, ASK_MS),
        sentMs,
      ),
    ]);
    const refused = sender.frames.find((frame) => frame.type === 'error' && frame['key'] === key);
    return {
      tookMs: performance.now() - sentMs,
      ackMs,
      receivedMs,
      error: refused === undefined ? null : textOf(refused['code']),
    };
  } catch (cause) {
    if (!(cause instanceof Missed)) throw cause;
    log.add('note', `the test of delivery stopped: ${cause.message}`);
    return null;
  } finally {
    await Promise.all([sender.shut(), receiver.shut()]);
    await call('DELETE', `${path}/${chat}`, token, log);
  }
}

async function since(frame: Promise<unknown>, beganMs: number): Promise<number | null> {
  try {
    await frame;
    return performance.now() - beganMs;
  } catch (cause) {
    if (cause instanceof Missed) return null;
    throw cause;
  }
}

/** The body of the answer; null where there was none, or none that this page may read. */
export async function call(method: string, url: string, token: string, log: Log, body?: Json): Promise<Json | null> {
  try {
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    };
    const asked = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(url, { ...asked, credentials: 'omit', signal: AbortSignal.timeout(ASK_MS) });
    log.add('note', `${method} ${url}: ${answer.status}`);
    const seen = jsonOf(await answer.text());
    return isObject(seen) ? seen : {};
  } catch (cause) {
    if (!(cause instanceof TypeError) && !isTimeout(cause)) throw cause;
    log.add('note', `${method} ${url}: no answer`);
    return null;
  }
}

export { PROTOCOL };
