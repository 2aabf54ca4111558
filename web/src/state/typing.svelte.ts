/** Who types in a chat, and telling the others that one does. */

import { SvelteMap } from 'svelte/reactivity';
import type { Clock } from '../lib/clock';

const REPEAT_MS = 3_000;
const IDLE_MS = 5_000;

/** The others who type; each is forgotten by itself at the time that the server named. */
export class TypingHeard {
  #until = new SvelteMap<string, number>();
  #clock: Clock;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ids of people, in the order in which they began. */
  get users(): readonly string[] {
    return [...this.#until.keys()];
  }

  /** `expiresMs` 0: they stopped. */
  heard(user: string, expiresMs: number): void {
    if (expiresMs <= 0) this.#until.delete(user);
    else this.#until.set(user, this.#clock.now() + expiresMs);
    this.#arm();
  }

  /** Somebody's message is here, or they are gone. */
  stopped(user: string): void {
    if (this.#until.delete(user)) this.#arm();
  }

  dispose(): void {
    this.#until.clear();
    this.#arm();
  }

  #arm(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#until.size === 0) return;
    const next = Math.min(...this.#until.values());
    this.#cancel = this.#clock.ring(Math.max(0, next - this.#clock.now()), () => this.#expire());
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const [user, until] of this.#until) if (until <= now) this.#until.delete(user);
    this.#arm();
  }
}

/** Tells that one types: at the first key, then at most every 3 s; and that one stopped, after 5 s without a key. */
export class TypingTold {
  #clock: Clock;
  #tell: (active: boolean) => void;
  #toldAt: number | null = null;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, tell: (active: boolean) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** A key was pressed, and the composer holds text. */
  pressed(): void {
    const now = this.#clock.now();
    if (this.#toldAt === null || now - this.#toldAt >= REPEAT_MS) {
      this.#toldAt = now;
      this.#tell(true);
    }
    this.#cancel?.();
    this.#cancel = this.#clock.ring(IDLE_MS, () => this.stop());
  }

  /** The text was sent, removed, or left alone. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#toldAt === null) return;
    this.#toldAt = null;
    this.#tell(false);
  }

  /** The message itself tells that one has stopped. */
  sent(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#toldAt = null;
  }
}
