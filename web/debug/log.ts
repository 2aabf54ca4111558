/** What went out and came in, in its order, with times and without secrets. */

import { hidden } from './secrets';

export interface Entry {
  readonly id: number;
  /** Milliseconds since the log began. */
  readonly atMs: number;
  /** The time of day, in ms since 1970. */
  readonly clockMs: number;
  readonly kind: 'sent' | 'received' | 'opened' | 'closed' | 'failed' | 'note';
  /** Which of several connections; empty where there is one. */
  readonly line: string;
  readonly text: string;
}

const KEPT = 2_000;

export class Log {
  readonly #heard: (entries: readonly Entry[]) => void;
  #entries: readonly Entry[] = [];
  #began = performance.now();
  #count = 0;
  #secrets: readonly string[] = [];

  constructor(heard: (entries: readonly Entry[]) => void = () => undefined) {
    this.#heard = heard;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Texts that must stand in no entry. */
  conceal(...secrets: readonly string[]): void {
    this.#secrets = [...new Set([...this.#secrets, ...secrets])];
  }

  add(kind: Entry['kind'], text: string, line = ''): void {
    const atMs = performance.now() - this.#began;
    const entry = {
      id: (this.#count += 1),
      atMs,
      clockMs: Date.now(),
      kind,
      line,
      text: hidden(text, ...this.#secrets),
    };
    this.#entries = [...this.#entries.slice(1 - KEPT), entry];
    this.#heard(this.#entries);
  }

  clear(): void {
    this.#entries = [];
    this.#began = performance.now();
    this.#heard(this.#entries);
  }
}

const SIGNS = { sent: '→', received: '←', opened: '○', closed: '●', failed: '✗', note: '·' } as const;

export function lineOf({ atMs, kind, line, text }: Entry): string {
  return `${(atMs / 1000).toFixed(3).padStart(9)} ${line === '' ? '' : `${line} `}${SIGNS[kind]} ${text}`;
}
