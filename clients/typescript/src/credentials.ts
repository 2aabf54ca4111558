/** The user's token, and how a new one is got. */

import { inTime, type Clock } from './clock.js';

/** A token, or a function that gives one; its argument tells that the last one was refused or is about to expire. */
export type TokenSource = string | ((renew: boolean) => Promise<string>);

const TOKEN_DEADLINE_MS = 15_000;

/** Asks the application for a token, one question at a time. */
export class Credentials {
  readonly #source: TokenSource;
  readonly #clock: Clock;
  #token: string | null;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(source: TokenSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#token = typeof source === 'string' ? source : null;
  }

  get isRenewable(): boolean {
    return typeof this.#source !== 'string';
  }

  /** The present token; the first call asks for one. */
  async token(): Promise<string> {
    return this.#token ?? (await this.#ask(null, false));
  }

  /** A token in place of the known one, unless somebody else has got one meanwhile. One that was given for good stays. */
  newToken(known: string | null): Promise<string> {
    return this.#ask(known, true);
  }

  #ask(known: string | null, renew: boolean): Promise<string> {
    const answer = this.#asking.then(async () => {
      const source = this.#source;
      if (typeof source === 'string') return source;
      if (this.#token !== null && this.#token !== known) return this.#token;
      this.#token = await inTime(
        this.#clock,
        TOKEN_DEADLINE_MS,
        source(renew),
        'The function that gives the token does not answer.',
      );
      return this.#token;
    });
    this.#asking = answer.catch(() => undefined);
    return answer;
  }
}
