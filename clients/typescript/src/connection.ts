/**
 * The client's connection as a pure step: inputs and a time go in, effects come out.
 *
 * | status       | means                                                           |
 * |--------------|-----------------------------------------------------------------|
 * | `idle`       | not started, or stopped                                         |
 * | `connecting` | a socket opens, or is open and `welcome` has not come           |
 * | `connected`  | `welcome` came                                                  |
 * | `waiting`    | cut off; comes back at a given time                             |
 * | `refused`    | the server said no for good: nothing happens until `start`      |
 *
 * One value, no pair of booleans that can disagree. What carries the effects out is `client.ts`. Times are
 * milliseconds of a clock that never goes back.
 */

import { delayMs } from './backoff.js';
import { isEvent } from './codec.js';
import { timeLimit, type Cut, type TimeLimit } from './cuts.js';
import { failureOf } from './errors.js';
import { RETRY_BY_CLOSE_CODE } from './generated/closing.js';
import type { ErrorCode, Retry } from './generated/errors.js';
import type {
  AnyEvent,
  ClientFrame,
  ErrorFrame,
  Goodbye,
  Reset,
  Seq,
  ServerFrame,
  Synced,
  ToldFrame,
  Welcome,
} from './generated/frames.js';

export const CONNECT_TIMEOUT_MS = 15_000;
export const SILENCE_GRACE_MS = 10_000;
export const ABNORMAL = 1006;
const SLOW_READER = 4408;
const SLOW_TWICE_MS = 60_000;
const SLOW_EXTRA_MS = 10_000;
const STABLE_MS = 10_000;
const CUTS_KEPT = 5;
const CHATS_PER_SUBSCRIBE = 1_000;
const GAPS_MAX = 3;
const RESUBSCRIBE_AFTER_MS = 1_000;
/** How long a replay may stand still before the chat is asked for again. */
const ANSWER_MS = 60_000;
/** The `subscribeId` of a chat that nothing is subscribed for. */
const NONE = '';

/** `why` is a code of the catalogue, `closed_CODE`, `connect_timeout`, or why no socket opened (`unreachable` …). */
export type Status =
  | { readonly is: 'idle' }
  | { readonly is: 'connecting'; readonly since: number }
  | { readonly is: 'connected'; readonly since: number; readonly connection: string; readonly heartbeatMs: number }
  | { readonly is: 'waiting'; readonly retryAt: number; readonly why: string }
  | { readonly is: 'refused'; readonly code: string; readonly detail: string };

/**
 * What is to be done, in this order:
 *
 * | effect       | means                                                                                            |
 * |--------------|--------------------------------------------------------------------------------------------------|
 * | `open`       | ask for a token (a new one, where the last was refused) and open a socket with it at this path   |
 * | `transmit`   | write a frame                                                                                    |
 * | `shut`       | close the socket, with a code if the other side may still hear it                                |
 * | `renewToken` | ask for a new token and send it in `authenticate`                                                |
 * | `changed`    | tell the status                                                                                  |
 * | `happened`   | a durable event, next in its chat's order, each exactly once                                     |
 * | `lost`       | the position cannot be resumed: what is after `after` and up to `head` has to be read as history;|
 * |              | with `newHistory` the numbers before mean nothing any more                                       |
 * | `unfollowed` | nothing more comes of this chat: the user is no member, or the server refuses to show it         |
 * | `told`       | any other frame: ack, error, typing, receipt, presence, synced …                                 |
 */
export type Effect =
  | { readonly is: 'open'; readonly newToken: boolean; readonly path: string }
  | { readonly is: 'transmit'; readonly frame: ClientFrame }
  | { readonly is: 'shut'; readonly code: number }
  | { readonly is: 'renewToken' }
  | { readonly is: 'changed'; readonly status: Status }
  | { readonly is: 'happened'; readonly frame: AnyEvent }
  | {
      readonly is: 'lost';
      readonly chat: string;
      readonly after: Seq;
      readonly head: Seq;
      readonly newHistory: boolean;
    }
  | { readonly is: 'unfollowed'; readonly chat: string; readonly code: string; readonly detail: string }
  | { readonly is: 'told'; readonly frame: ToldFrame };

/** Where one followed chat stands. */
export interface Place {
  /** The last event that the application has, whatever connection it came by; null: not known yet. */
  seq: Seq | null;
  /** The history that `seq` counts in. */
  epoch: string | null;
  /** The newest subscribe; what carries an older id is dropped. null: what the door of one chat does by itself. */
  subscribeId: string | null;
  live: boolean;
  /** Whether the next subscribe leaves the start to the server: the head of `welcome`. */
  fromHead: boolean;
  /** How often in a row a replay has left out an event. */
  gaps: number;
  /** When the replay last went on. */
  movedAt: number;
}

type Followed = [chat: string, place: Place];

export interface ConnectionOptions {
  /** Goes through the door of this one chat, where the server subscribes by itself; without it through that of all. */
  readonly onlyChat?: string;
}

export interface FollowOptions {
  readonly rest?: boolean;
  readonly epoch?: string | null;
}

export interface UnreachableFacts {
  readonly detail?: string;
  readonly retryAfterMs?: number | null;
}

/** The state of one connection and of every chat's position on it. */
export class Connection {
  readonly #random: () => number;
  readonly #onlyChat: string | null;
  readonly #places = new Map<string, Place>();
  #status: Status = { is: 'idle' };
  #user: string | null = null;
  #epoch: string | null = null;
  #wantsRest = false;
  #cuts: readonly Cut[] = [];
  #heads = new Map<string, Seq>();
  #attempt = 0;
  /** Whether the last connection was gone before anything came of it. */
  #barren = false;
  #heardAt = 0;
  #goodbye: Goodbye | null = null;
  #askedNewToken = false;
  #subscribeCount = 0;
  #restId: string | null = null;
  #resubscribeAt: number | null = null;
  #resubscribeRest = false;
  /** When to look for replays that stand still. */
  #answerBy: number | null = null;
  #slowAt: number | null = null;
  /** Where the socket that opens, or is open, was asked to go. */
  #path = '';

  constructor(random: () => number, { onlyChat }: ConnectionOptions = {}) {
    this.#random = random;
    this.#onlyChat = onlyChat ?? null;
  }

  get status(): Status {
    return this.#status;
  }

  get user(): string | null {
    return this.#user;
  }

  /** The history that the server had at the last `welcome`, `synced` or `reset`. */
  get epoch(): string | null {
    return this.#epoch;
  }

  get wantsRest(): boolean {
    return this.#wantsRest;
  }

  /** Every followed chat. */
  get places(): ReadonlyMap<string, Readonly<Place>> {
    return this.#places;
  }

  /** The last connections that were cut without a word. */
  get cuts(): readonly Cut[] {
    return this.#cuts;
  }

  /** The limit of a proxy on the way, where the last cuts show one. */
  get timeLimit(): TimeLimit | null {
    return timeLimit(this.#cuts);
  }

  /** Whether messages may go out: a followed chat is brought up to date first. */
  maySend(chat: string): boolean {
    return this.#status.is === 'connected' && (this.#places.get(chat)?.live ?? true);
  }

  // What the application does

  /** Begins to connect, also after a refusal. */
  start(now: number): Effect[] {
    if (this.#hasSocket()) return [];
    this.#attempt = 0;
    this.#askedNewToken = false;
    return this.#open(now, this.#status.is === 'refused');
  }

  /** Ends the connection and stays away. */
  stop(): Effect[] {
    this.#forgetSocket();
    return [...this.#become({ is: 'idle' }), { is: 'shut', code: 1000 }];
  }

  /** The network is back: no more waiting. */
  online(now: number): Effect[] {
    return this.#status.is === 'waiting' ? this.#open(now, false) : [];
  }

  /** Wants the chats' events after the given positions of an epoch; null: from the head of `welcome`. */
  follow(chats: ReadonlyMap<string, Seq | null>, { rest = false, epoch = null }: FollowOptions = {}): Effect[] {
    const followed: Followed[] = [];
    for (const [chat, after] of chats) {
      const place = this.#places.get(chat) ?? this.#begin(chat);
      followed.push([chat, place]);
      if (after === null) continue;
      place.seq = after;
      place.epoch = epoch;
      place.fromHead = false;
    }
    this.#wantsRest ||= rest;
    return this.#status.is === 'connected' ? this.#subscribe(followed, rest) : [];
  }

  /** Wants no more of a chat, unless all are followed. */
  unfollow(chat: string): Effect[] {
    if (this.#wantsRest || !this.#places.delete(chat)) return [];
    return this.#status.is === 'connected' ? [{ is: 'transmit', frame: { type: 'unsubscribe', chats: [chat] } }] : [];
  }

  // What the socket does

  /** A frame came. */
  heard(frame: ServerFrame, now: number): Effect[] {
    this.#heardAt = now;
    switch (this.#status.is) {
      case 'connected':
        return this.#heardOpen(frame, now);
      case 'connecting':
        return this.#heardEarly(frame, now);
      default:
        return [];
    }
  }

  #heardEarly(frame: ServerFrame, now: number): Effect[] {
    switch (frame.type) {
      case 'welcome':
        return this.#welcomed(frame, now);
      case 'goodbye':
        this.#goodbye = frame;
        return [told(frame)];
      default:
        return [];
    }
  }

  #heardOpen(frame: ServerFrame, now: number): Effect[] {
    switch (frame.type) {
      case 'ping':
        return [{ is: 'transmit', frame: { type: 'pong', id: frame.id } }];
      case 'synced':
        return this.#synced(frame, now);
      case 'reset':
        return this.#reset(frame);
      case 'goodbye':
        this.#goodbye = frame;
        return [told(frame)];
      case 'token_expiring':
        return [{ is: 'renewToken' }, told(frame)];
      case 'error':
        return frame.key === null ? [...this.#notSubscribed(frame, now), told(frame)] : [told(frame)];
      case 'ack':
        this.#barren = false;
        return [told(frame)];
      case 'welcome':
        return [];
      default:
        return isEvent(frame) ? this.#event(frame, now) : [told(frame)];
    }
  }

  /** A sign of life came that is no frame: the line is alive. */
  touched(now: number): void {
    this.#heardAt = now;
  }

  /** The socket is gone. Codes that say no for good end it; all others come back. */
  closed(code: number, reason: string, now: number): Effect[] {
    if (!this.#hasSocket()) return [];
    const [said, detail] = named(reason);
    const name = said ?? this.#goodbye?.reason ?? null;
    if (this.#status.is === 'connected') {
      const ageMs = now - this.#status.since;
      if (name === null) this.#cuts = [...this.#cuts, { code, ageMs, silentMs: now - this.#heardAt }].slice(-CUTS_KEPT);
      this.#barren &&= ageMs < STABLE_MS;
    }
    return this.#ended(name ?? `closed_${code}`, code, detail, now);
  }

  /** The socket could not be opened: `why` is the problem's code where the server answered with one. */
  unreachable(why: string, now: number, { detail = '', retryAfterMs = null }: UnreachableFacts = {}): Effect[] {
    if (this.#status.is !== 'connecting') return [];
    if (retryAfterMs !== null) {
      this.#goodbye = { type: 'goodbye', code: ABNORMAL, reason: why, reconnect: true, after_ms: retryAfterMs };
    }
    return this.#ended(why, 0, detail, now);
  }

  /** Time has passed: whatever was due by now happens. */
  ticked(now: number): Effect[] {
    const status = this.#status;
    switch (status.is) {
      case 'connecting':
        if (now - status.since < CONNECT_TIMEOUT_MS) return [];
        this.#forgetSocket();
        return [{ is: 'shut', code: ABNORMAL }, ...this.#wait(now, 'connect_timeout')];
      case 'connected':
        if (now - this.#heardAt >= status.heartbeatMs + SILENCE_GRACE_MS) return this.#giveUpSocket(now);
        if (this.#resubscribeAt !== null && now >= this.#resubscribeAt) return this.#resubscribe();
        if (this.#answerBy !== null && now >= this.#answerBy) return this.#askAgain(now);
        return [];
      case 'waiting':
        return now >= status.retryAt ? this.#open(now, false) : [];
      default:
        return [];
    }
  }

  /** When `ticked` is due next. */
  nextTickAt(): number | null {
    const status = this.#status;
    switch (status.is) {
      case 'connecting':
        return status.since + CONNECT_TIMEOUT_MS;
      case 'connected': {
        const silentAt = this.#heardAt + status.heartbeatMs + SILENCE_GRACE_MS;
        return Math.min(silentAt, this.#resubscribeAt ?? Infinity, this.#answerBy ?? Infinity);
      }
      case 'waiting':
        return status.retryAt;
      default:
        return null;
    }
  }

  // Coming and going

  #hasSocket(): boolean {
    return this.#status.is === 'connecting' || this.#status.is === 'connected';
  }

  #become(status: Status): Effect[] {
    this.#status = status;
    return [{ is: 'changed', status }];
  }

  #open(now: number, newToken: boolean): Effect[] {
    this.#goodbye = null;
    this.#path = this.#door();
    return [...this.#become({ is: 'connecting', since: now }), { is: 'open', newToken, path: this.#path }];
  }

  /** The path of the door; that of one chat has the position in it. */
  #door(): string {
    if (this.#onlyChat === null) return '/api/v1/ws';
    const path = `/api/v1/chats/${this.#onlyChat}/ws`;
    const place = this.#places.get(this.#onlyChat);
    if (place === undefined || place.fromHead || place.seq === null) return path;
    return `${path}?after=${place.seq}${place.epoch === null ? '' : `&epoch=${encodeURIComponent(place.epoch)}`}`;
  }

  #giveUpSocket(now: number): Effect[] {
    return [{ is: 'shut', code: ABNORMAL }, ...this.closed(ABNORMAL, '', now)];
  }

  /** What the end of a socket means: come back, come back with another token, or stay away. */
  #ended(name: string, code: number, detail: string, now: number): Effect[] {
    this.#forgetSocket();
    const retry = retryOf(name, code, this.#goodbye);
    if (retry === 'never' || (retry === 'with_new_token' && this.#askedNewToken)) {
      return this.#become({ is: 'refused', code: name, detail: detail || titleOf(name) });
    }
    if (retry === 'with_new_token') {
      this.#askedNewToken = true;
      return this.#open(now, true);
    }
    return this.#wait(now, name, code === SLOW_READER ? this.#slowExtraMs(now) : 0);
  }

  #wait(now: number, why: string, extraMs = 0): Effect[] {
    const delay = Math.max(delayMs(this.#attempt, this.#random()), this.#goodbye?.after_ms ?? 0);
    this.#attempt += 1;
    return this.#become({ is: 'waiting', retryAt: now + delay + extraMs, why });
  }

  /** Who was too slow twice in a minute stays away for longer. */
  #slowExtraMs(now: number): number {
    const isAgain = this.#slowAt !== null && now - this.#slowAt < SLOW_TWICE_MS;
    this.#slowAt = now;
    return isAgain ? SLOW_EXTRA_MS : 0;
  }

  #forgetSocket(): void {
    this.#resubscribeAt = null;
    this.#resubscribeRest = false;
    this.#answerBy = null;
    for (const place of this.#places.values()) place.live = false;
  }

  #welcomed(frame: Welcome, now: number): Effect[] {
    // A server that welcomes and hangs up at once, again and again, must not be asked in a tight loop.
    if (!this.#barren) this.#attempt = 0;
    this.#barren = true;
    this.#askedNewToken = false;
    this.#user = frame.user.id;
    this.#epoch = frame.epoch;
    this.#heads = new Map(frame.chats.map(({ chat, head }) => [chat, head]));
    const { connection, heartbeat_s } = frame;
    const connected = this.#become({ is: 'connected', since: now, connection, heartbeatMs: heartbeat_s * 1000 });
    return [...connected, told(frame), ...this.#subscribeAll()];
  }

  // Following

  #begin(chat: string): Place {
    const place = { seq: null, epoch: null, subscribeId: NONE, live: false, fromHead: true, gaps: 0, movedAt: 0 };
    this.#places.set(chat, place);
    return place;
  }

  /** A chat that nobody named comes with the rest. */
  #beginWithRest(chat: string): Place {
    const place = this.#begin(chat);
    place.epoch = this.#epoch;
    place.subscribeId = this.#restId ?? NONE;
    return place;
  }

  #subscribeAll(): Effect[] {
    if (this.#onlyChat === null || this.#door() !== this.#path)
      return this.#subscribe([...this.#places], this.#wantsRest);
    // The server has subscribed the door's chat by itself, from the position in the path.
    for (const [chat, place] of this.#places) {
      this.#complete(chat, place);
      this.#asked(place, null);
    }
    return [];
  }

  /** Asks for chats from their positions, by epoch and in portions that a server takes. */
  #subscribe(chats: readonly Followed[], rest: boolean): Effect[] {
    const byEpoch = new Map<string | null, Followed[]>();
    for (const [chat, place] of chats) {
      this.#complete(chat, place);
      const same = byEpoch.get(place.epoch) ?? [];
      byEpoch.set(place.epoch, same);
      same.push([chat, place]);
    }
    const portions = [...byEpoch.values()].flatMap(inPortions);
    if (rest && portions.length === 0) portions.push([]);
    return portions.map((some, index) => this.#ask(some, rest && index === portions.length - 1));
  }

  /** Asks for chats of one epoch. */
  #ask(some: readonly Followed[], rest: boolean): Effect {
    this.#subscribeCount += 1;
    const id = `s${this.#subscribeCount}`;
    const epoch = some[0]?.[1].epoch ?? this.#epoch;
    const chats: Record<string, Seq | null> = {};
    for (const [chat, place] of some) {
      chats[chat] = place.fromHead ? null : place.seq;
      this.#asked(place, id);
    }
    if (rest) {
      this.#restId = id;
      for (const [chat, seq] of this.#heads) {
        if (this.#places.has(chat)) continue;
        const place = this.#begin(chat);
        place.seq = seq;
        place.epoch = this.#epoch;
        this.#asked(place, id);
      }
    }
    this.#answerBy ??= this.#heardAt + ANSWER_MS;
    return { is: 'transmit', frame: { type: 'subscribe', id, chats, epoch, rest } };
  }

  /** Where a place has no position or epoch yet, it takes those of `welcome`. */
  #complete(chat: string, place: Place): void {
    place.seq ??= this.#heads.get(chat) ?? null;
    place.epoch ??= this.#epoch;
  }

  /** The server was asked for the chat from where it stands. */
  #asked(place: Place, subscribeId: string | null): void {
    place.subscribeId = subscribeId;
    place.live = false;
    place.fromHead = place.seq === null;
    place.movedAt = this.#heardAt;
    this.#answerBy ??= this.#heardAt + ANSWER_MS;
  }

  #resubscribe(): Effect[] {
    const rest = this.#resubscribeRest;
    this.#resubscribeAt = null;
    this.#resubscribeRest = false;
    return this.#subscribe(
      this.#placesWhere((place) => !place.live && place.subscribeId === NONE),
      rest,
    );
  }

  /** Asks again for the chats whose replay stands still: an answer was lost. */
  #askAgain(now: number): Effect[] {
    const isReplaying = (place: Place): boolean => !place.live && place.subscribeId !== NONE;
    const still = this.#placesWhere((place) => isReplaying(place) && now - place.movedAt >= ANSWER_MS);
    this.#answerBy = this.#placesWhere(isReplaying).length > 0 ? now + ANSWER_MS : null;
    return this.#subscribe(still, false);
  }

  #placesWhere(isSo: (place: Place, chat: string) => boolean): Followed[] {
    return [...this.#places].filter(([chat, place]) => isSo(place, chat));
  }

  /** A subscribe was refused: asked for again later, or its chats are given up. */
  #notSubscribed(frame: ErrorFrame, now: number): Effect[] {
    if (frame.id === null && this.#onlyChat === null) return [];
    const isFinal = (failureOf(frame.code)?.retry ?? 'never') === 'never';
    // Without an id it can mean any frame of the door of one chat, which closes if its chat is not to be had.
    if (frame.id === null && isFinal) return [];
    const meant = this.#placesWhere(
      (place, chat) => place.subscribeId === frame.id && !place.live && (frame.chat === null || frame.chat === chat),
    );
    if (isFinal) {
      for (const [chat] of meant) this.#places.delete(chat);
      return meant.map(([chat]) => ({ is: 'unfollowed', chat, code: frame.code, detail: frame.detail }));
    }
    for (const [, place] of meant) place.subscribeId = NONE;
    this.#resubscribeRest ||= frame.chat === null && frame.id !== null && frame.id === this.#restId;
    if (meant.length > 0 || this.#resubscribeRest)
      this.#resubscribeAt = now + (frame.retry_after_ms ?? RESUBSCRIBE_AFTER_MS);
    return [];
  }

  /** The chat's place, if the frame belongs to its newest subscribe; one that came with the rest is new. */
  #placeOf(chat: string, subscribeId: string | null): Place | null {
    let place = this.#places.get(chat);
    if (place === undefined && this.#wantsRest && subscribeId === this.#restId) place = this.#beginWithRest(chat);
    return place?.subscribeId === subscribeId ? place : null;
  }

  #synced(frame: Synced, now: number): Effect[] {
    const place = this.#placeOf(frame.chat, frame.id);
    if (place === null) return [];
    if (place.seq !== null && frame.seq > place.seq) return this.#gap(frame.chat, place, now);
    place.seq ??= frame.seq;
    this.#wentLive(place, frame.epoch);
    return [told(frame)];
  }

  /** The chat is live after `head`; what lies between is history to be read. */
  #reset(frame: Reset): Effect[] {
    const { chat, head } = frame;
    const place = this.#placeOf(chat, frame.id);
    if (place === null) return [];
    const position = place.seq ?? head;
    const newHistory = frame.epoch !== place.epoch || position > head;
    place.seq = head;
    this.#wentLive(place, frame.epoch);
    return [{ is: 'lost', chat, after: newHistory ? 0 : position, head, newHistory }, told(frame)];
  }

  #wentLive(place: Place, epoch: string): void {
    this.#epoch = place.epoch = epoch;
    place.live = true;
    place.fromHead = false;
    place.gaps = 0;
    this.#barren = false;
  }

  /** The next one is passed on, an old one dropped; a gap makes the chat be asked for again. */
  #event(frame: AnyEvent, now: number): Effect[] {
    const { chat, seq } = frame;
    let place = this.#places.get(chat);
    if (place === undefined) {
      if (!this.#wantsRest) return []; // it was on its way when the chat was unsubscribed
      place = this.#beginWithRest(chat);
    }
    if (place.seq !== null && seq <= place.seq) return [];
    // Only the user's own joining may leave out what was before it.
    const isOwnJoining = frame.type === 'member_joined' && frame.user === this.#user;
    if (place.seq !== null && seq !== place.seq + 1 && !isOwnJoining)
      return place.live ? this.#gap(chat, place, now) : [];
    place.seq = seq;
    place.fromHead = false;
    place.gaps = 0;
    place.movedAt = now;
    this.#barren = false;
    const happened: Effect = { is: 'happened', frame };
    if (frame.type !== 'member_left' || frame.user !== this.#user) return [happened];
    this.#places.delete(chat);
    this.#heads.delete(chat);
    const code: ErrorCode = 'removed_from_chat';
    return [happened, { is: 'unfollowed', chat, code, detail: titleOf(code) }];
  }

  #gap(chat: string, place: Place, now: number): Effect[] {
    place.gaps += 1;
    if (place.gaps < GAPS_MAX) return this.#subscribe([[chat, place]], false);
    place.gaps = 0;
    return this.#giveUpSocket(now);
  }
}

function inPortions(chats: readonly Followed[]): Followed[][] {
  const portions: Followed[][] = [];
  for (let at = 0; at < chats.length; at += CHATS_PER_SUBSCRIBE)
    portions.push(chats.slice(at, at + CHATS_PER_SUBSCRIBE));
  return portions;
}

function told(frame: ToldFrame): Effect {
  return { is: 'told', frame };
}

/** Code and sentence of a close reason, `code: sentence`; no code where it is none of the catalogue. */
function named(reason: string): [name: string | null, detail: string] {
  const at = reason.indexOf(': ');
  const name = at < 0 ? reason : reason.slice(0, at);
  if (failureOf(name) === null) return [null, ''];
  return [name, at < 0 ? '' : reason.slice(at + 2)];
}

function titleOf(name: string): string {
  return failureOf(name)?.title ?? name;
}

/** What the catalogue says; for a name that it does not have the goodbye, and without one the close code. */
function retryOf(name: string, code: number, goodbye: Goodbye | null): Retry {
  const failure = failureOf(name);
  if (failure !== null) return failure.retry;
  if (goodbye !== null) return goodbye.reconnect ? 'after_delay' : 'never';
  return RETRY_BY_CLOSE_CODE[code] ?? 'after_delay';
}
