/** What the debugger shows, and what it can do. */

import { chatOf } from './address';
import { Entered } from './entered.svelte';
import { examine, greet, type Target } from './examine';
import type { Carrier, Evidence, Greeting } from './evidence';
import { doctorCommand, judge, type Finding } from './judge';
import { Log, type Entry } from './log';
import { reportOf } from './report';
import { judgeClaims, readToken, type Claim, type Token } from './token';
import type { Wire } from './wire';

export type State = 'idle' | 'testing' | 'open' | 'ended';

const ENOUGH_MS = 400;

export class Debugger {
  readonly entered = new Entered();
  carrier = $state<Carrier>('subprotocol');
  state = $state<State>('idle');
  evidence = $state.raw<Evidence | null>(null);
  entries = $state.raw<readonly Entry[]>([]);
  /** What the server says of this page, before anything is tried. */
  greeting = $state.raw<Greeting | null>(null);
  readonly log = new Log((entries) => (this.entries = entries));
  #wire: Wire | null = null;
  #asking = 0;
  /** Since when the page was not looked at. */
  #hiddenAt: number | null = null;

  constructor() {
    document.addEventListener('visibilitychange', () => {
      this.#hiddenAt = document.hidden ? performance.now() : null;
    });
  }

  get readToken(): Token {
    return readToken(this.entered.token.trim());
  }

  get claims(): readonly Claim[] {
    const skewMs = this.greeting === null ? 0 : this.greeting.serverMs - this.greeting.localMs;
    return judgeClaims(this.readToken, Date.now() + skewMs);
  }

  /** The finding of the last test that is over. */
  get finding(): Finding | null {
    return this.evidence === null || this.state === 'testing' ? null : judge(this.evidence);
  }

  get command(): string {
    return doctorCommand({
      address: this.entered.read,
      chat: this.entered.chat.trim(),
      token: this.readToken,
      page: this.entered.page,
    });
  }

  /** Nothing has to be typed for these. */
  get presets(): readonly { readonly name: string; readonly text: string }[] {
    const chat = this.evidence === null ? null : (chatOf(this.evidence.address) ?? (this.entered.chat.trim() || null));
    const key = crypto.getRandomValues(new Uint32Array(2)).join('-');
    const of = chat === null ? { chat: 'CHAT' } : { chat };
    return [
      { name: 'Ping', text: JSON.stringify({ type: 'ping', id: 'mine' }) },
      { name: 'Message', text: JSON.stringify({ type: 'send', ...of, key, text: 'Hello' }) },
      { name: 'Subscribe', text: JSON.stringify({ type: 'subscribe', id: 's1', chats: { [of.chat]: null } }) },
      { name: 'Typing', text: JSON.stringify({ type: 'typing', ...of, active: true }) },
      { name: 'Receipt', text: JSON.stringify({ type: 'receipt', ...of, read: 1 }) },
    ];
  }

  /** Asks the server about this page, once the address has not changed for a moment. */
  async lookAhead(): Promise<void> {
    const turn = (this.#asking += 1);
    this.greeting = null;
    const address = this.entered.read;
    if (address.fault !== null) return;
    await new Promise((resolve) => setTimeout(resolve, ENOUGH_MS));
    if (turn !== this.#asking) return;
    const { greeting } = await greet({ address, page: this.entered.page }, new Log());
    if (turn === this.#asking) this.greeting = greeting;
  }

  async test(): Promise<void> {
    const before = this.#wire;
    this.#wire = null;
    this.state = 'testing';
    await before?.shut();
    this.log.clear();
    const target: Target = {
      address: this.entered.address.trim(),
      chat: this.entered.chat.trim(),
      token: this.entered.token.trim(),
      carrier: this.carrier,
    };
    const { evidence, wire } = await examine(target, this.log, (seen) => (this.evidence = seen));
    this.evidence = evidence;
    this.state = wire === null ? 'ended' : 'open';
    if (evidence.greeting !== null) this.greeting = evidence.greeting;
    if (wire !== null) this.#watch(wire);
  }

  /** Tells how it ends, unless somebody here ends it. */
  #watch(wire: Wire): void {
    this.#wire = wire;
    const since = performance.now() - (this.evidence?.attempt?.tookMs ?? 0);
    void wire.over.then(async (close) => {
      if (this.#wire !== wire || this.evidence === null) return;
      this.#wire = null;
      const silentMs = performance.now() - wire.lastMs;
      const livedMs = performance.now() - since;
      const hiddenMs = this.#hiddenAt === null ? 0 : performance.now() - this.#hiddenAt;
      const { http } = await greet(this.evidence, this.log);
      const isServerThere = http === null ? null : http.is === 'answered' || http.is === 'hidden';
      this.evidence = { ...this.evidence, ended: { livedMs, silentMs, hiddenMs, close, isServerThere } };
      this.state = 'ended';
    });
  }

  say(text: string): void {
    this.#wire?.write(text);
  }

  async disconnect(): Promise<void> {
    const wire = this.#wire;
    this.#wire = null;
    this.state = 'ended';
    await wire?.shut();
  }

  report(): string {
    return this.evidence === null
      ? ''
      : reportOf(this.evidence, this.entries, navigator.userAgent, Date.now(), this.entered.token.trim());
  }
}
