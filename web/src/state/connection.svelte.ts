/** The connection as people see it: one status, and a panel for those who help them. */

import { failureOf, type Client, type Status } from '@tenfour/client';
import type { Clock } from '../lib/clock';

export type ConnectionStatus =
  | { readonly is: 'connecting'; readonly since: number }
  | { readonly is: 'connected' }
  /** `inS`: whole seconds until the next attempt. */
  | { readonly is: 'reconnecting'; readonly inS: number; readonly why: string }
  /** The browser says that there is no network, or messages wait while nobody answers. */
  | { readonly is: 'offline'; readonly waiting: number; readonly inS: number | null; readonly why: string | null }
  | {
      readonly is: 'refused';
      readonly code: string;
      readonly reason: string;
      readonly advice: string;
      readonly action: 'sign_in' | 'retry' | 'none';
    };

export interface Transition {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** What plain http, or this browser, does not have. */
export type Missing = 'notifications' | 'offline_start' | 'install' | 'clipboard' | 'kept_messages';

const LOG_MAX = 200;
const SILENT_MS = 2_000;
const CONNECTED_SHOWN_MS = 1_500;
const SECOND_MS = 1_000;

export class ConnectionView {
  #clock: Clock;
  #client: Client | null = null;
  #status: Status = $state.raw({ is: 'idle' });
  #hasNetwork = $state(true);
  #waiting = $state(0);
  #now = $state(0);
  #isDue = $state(false);
  #isBack = $state(false);
  #latencyMs: number | null = $state(null);
  #node: string | null = $state(null);
  #since: number | null = $state(null);
  #epoch: string | null = $state(null);
  #lastSeq: { readonly chat: string; readonly seq: number } | null = $state.raw(null);
  #log: readonly Transition[] = $state.raw([]);
  #missing: readonly Missing[] = $state.raw([]);
  #cancelSilence: (() => void) | null = null;
  #cancelSecond: (() => void) | null = null;
  #listening = new AbortController();
  #shown: ConnectionStatus = $derived(this.#show());

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#now = clock.now();
    this.#missing = missingHere();
    if (typeof window === 'undefined') return;
    this.#hasNetwork = navigator.onLine;
    const { signal } = this.#listening;
    window.addEventListener('online', () => (this.#hasNetwork = true), { signal });
    window.addEventListener('offline', () => (this.#hasNetwork = false), { signal });
  }

  get status(): ConnectionStatus {
    return this.#shown;
  }

  /** Whether there is something to say: not within the first 2 s of an interruption. */
  get visible(): boolean {
    if (this.#status.is === 'refused') return true;
    return this.#status.is === 'connected' ? this.#isBack : this.#isDue;
  }

  /** Messages without an answer. */
  get waiting(): number {
    return this.#waiting;
  }

  get latencyMs(): number | null {
    return this.#latencyMs;
  }

  /** The connection's id, as the server's log has it. */
  get id(): string | null {
    return this.#status.is === 'connected' ? this.#status.connection : null;
  }

  get node(): string | null {
    return this.#node;
  }

  /** Since when it is connected, milliseconds since 1970. */
  get since(): number | null {
    return this.#since;
  }

  get epoch(): string | null {
    return this.#epoch;
  }

  /** The last event that came, of whatever chat. */
  get lastSeq(): { readonly chat: string; readonly seq: number } | null {
    return this.#lastSeq;
  }

  /** The last 200, oldest first. */
  get log(): readonly Transition[] {
    return this.#log;
  }

  get missing(): readonly Missing[] {
    return this.#missing;
  }

  get isConnected(): boolean {
    return this.#status.is === 'connected';
  }

  /** All of it, to be sent to support: no names, no texts, no tokens. */
  asText(): string {
    const { status } = this;
    const limit = this.#client?.timeLimit ?? null;
    const facts: [string, string | number | null][] = [
      ['status', status.is === 'refused' ? `refused (${status.code})` : status.is],
      ['connection', this.id],
      ['node', this.node],
      ['since', this.since === null ? null : timeOf(this.since)],
      ['latency', this.latencyMs === null ? null : `${Math.round(this.latencyMs)} ms`],
      ['waiting messages', this.waiting],
      ['last event', this.lastSeq === null ? null : `${this.lastSeq.seq} of ${this.lastSeq.chat}`],
      ['epoch', this.epoch],
      ['missing here', this.missing.join(', ')],
      ['limit on the way', limit === null ? null : `${limit.of} of ${Math.round(limit.ms / SECOND_MS)} s`],
      ['page', typeof location === 'undefined' ? null : location.origin],
      ['browser', navigator.userAgent],
    ];
    const head = facts.map(([name, value]) => `${name}: ${value ?? '-'}`);
    const log = this.log.map(
      ({ at, from, to, why }) => `${timeOf(at)} ${from} → ${to}${why === '' ? '' : ` (${why})`}`,
    );
    return [...head, '', ...log].join('\n');
  }

  /** Connects now; after a refusal too. */
  tryNow(): void {
    if (this.#status.is === 'refused') this.#client?.start();
    else this.#client?.online();
  }

  // What the messenger tells

  attach(client: Client): void {
    this.#client = client;
  }

  changed(status: Status): void {
    const before = this.#status;
    this.#log = [...this.#log, this.#transition(before, status)].slice(-LOG_MAX);
    this.#status = status;
    this.#now = this.#clock.now();
    this.#since = status.is === 'connected' ? this.#clock.wall() : null;
    if (status.is === 'connected') this.#restored();
    else if (status.is !== 'refused') this.#interrupted();
    this.#everySecond();
    this.refresh();
  }

  /** Reads what the client counts. */
  refresh(): void {
    if (this.#client === null) return;
    this.#waiting = this.#client.waiting;
    this.#latencyMs = this.#client.latencyMs;
    this.#epoch = this.#client.epoch;
    this.#node = this.#client.welcome?.node ?? null;
  }

  happened(chat: string, seq: number): void {
    this.#lastSeq = { chat, seq };
  }

  lacks(what: Missing): void {
    if (!this.#missing.includes(what)) this.#missing = [...this.#missing, what];
  }

  dispose(): void {
    this.#listening.abort();
    this.#cancelSilence?.();
    this.#cancelSecond?.();
  }

  #show(): ConnectionStatus {
    const status = this.#status;
    switch (status.is) {
      case 'connected':
        return { is: 'connected' };
      case 'refused':
        return refusal(status.code, status.detail);
      case 'idle':
      case 'connecting':
        if (!this.#hasNetwork) return { is: 'offline', waiting: this.#waiting, inS: null, why: null };
        return { is: 'connecting', since: status.is === 'connecting' ? status.since : this.#now };
      case 'waiting': {
        const inS = Math.max(0, Math.ceil((status.retryAt - this.#now) / SECOND_MS));
        const isOffline = !this.#hasNetwork || this.#waiting > 0;
        if (isOffline) return { is: 'offline', waiting: this.#waiting, inS, why: status.why };
        return { is: 'reconnecting', inS, why: status.why };
      }
    }
  }

  #interrupted(): void {
    this.#isBack = false;
    if (this.#isDue || this.#cancelSilence !== null) return;
    this.#cancelSilence = this.#clock.ring(SILENT_MS, () => {
      this.#cancelSilence = null;
      this.#isDue = true;
    });
  }

  /** Says for a moment that it is back, if it was said that it was gone. */
  #restored(): void {
    this.#cancelSilence?.();
    this.#cancelSilence = null;
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#isBack = true;
    this.#cancelSilence = this.#clock.ring(CONNECTED_SHOWN_MS, () => {
      this.#cancelSilence = null;
      this.#isBack = false;
    });
  }

  /** Counts down while there is something to count, else looks at the latency once in a while. */
  #everySecond(): void {
    this.#cancelSecond?.();
    this.#cancelSecond = this.#clock.ring(SECOND_MS, () => {
      this.#now = this.#clock.now();
      this.refresh();
      this.#everySecond();
    });
  }

  #transition(before: Status, after: Status): Transition {
    const why = after.is === 'waiting' ? after.why : after.is === 'refused' ? after.code : '';
    return { at: this.#clock.wall(), from: before.is, to: after.is, why };
  }
}

const SIGN_IN = new Set(['token_revoked', 'token_expired', 'user_disabled', 'refresh_invalid', 'refresh_reused']);

function refusal(code: string, detail: string): ConnectionStatus {
  const failure = failureOf(code);
  const action = SIGN_IN.has(code) || code.startsWith('token_') ? 'sign_in' : 'retry';
  return { is: 'refused', code, reason: detail || (failure?.title ?? code), advice: failure?.advice ?? '', action };
}

function missingHere(): Missing[] {
  if (typeof window === 'undefined') return [];
  const missing: Missing[] = [];
  if (!('Notification' in window) || !window.isSecureContext) missing.push('notifications');
  if (!('serviceWorker' in navigator)) missing.push('offline_start', 'install');
  if (!('clipboard' in navigator)) missing.push('clipboard');
  return missing;
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
