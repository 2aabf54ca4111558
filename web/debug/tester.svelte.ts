/** What the test page shows, and what it can do. */

import { baseOf, readAddress, type Address } from './address';
import { greet, pageHere } from './examine';
import type { Greeting } from './evidence';
import { storagesHere, tokenByCookie, tokensIn, type Found } from './found';
import { Log, lineOf, type Entry } from './log';
import { runSteps, type Result } from './scenario';
import { Stage, type Setup } from './stage';
import { SCENARIOS, type Scenario } from './trials';

export type Verdict = 'waiting' | 'running' | 'passed' | 'failed' | 'skipped';

export interface Run {
  readonly scenario: Scenario;
  readonly results: readonly Result[];
  readonly entries: readonly Entry[];
}

export class Tester {
  address = $state('');
  chat = $state('');
  token = $state('');
  otherToken = $state('');
  expiredToken = $state('');
  filled = $state('');
  isRunning = $state(false);
  found = $state.raw<readonly Found[]>([]);
  greeting = $state.raw<Greeting | null>(null);
  runs = $state.raw<readonly Run[]>(SCENARIOS.map((scenario) => ({ scenario, results: [], entries: [] })));
  readonly page = pageHere();
  #isStopped = false;

  constructor() {
    this.found = tokensIn(storagesHere());
    const asked = new URLSearchParams(location.hash.slice(1));
    this.chat = asked.get('chat') ?? '';
    this.address = asked.get('url') ?? (this.isServed ? location.origin.replace(/^http/, 'ws') : '');
  }

  get isServed(): boolean {
    return this.page.protocol !== 'file:';
  }

  get read(): Address {
    return readAddress(this.address, this.chat);
  }

  get isOwn(): boolean {
    return this.isServed && this.read.fault === null && baseOf(this.read) === location.origin;
  }

  get counts(): Readonly<Record<Verdict, number>> {
    const counts = { waiting: 0, running: 0, passed: 0, failed: 0, skipped: 0 };
    for (const run of this.runs) counts[verdictOf(run)] += 1;
    return counts;
  }

  async takeByCookie(): Promise<void> {
    try {
      const token = await tokenByCookie();
      if (token !== null) this.token = token;
      this.filled =
        token === null
          ? 'Nobody is logged in here: log in at this server, then try again.'
          : 'The token of who is logged in here.';
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      this.filled = 'The server did not answer.';
    }
  }

  take({ token, place }: Found): void {
    this.token = token;
    this.filled = `Taken from ${place}.`;
  }

  /** One after the other, so that no scenario meets the limits of another. */
  async runAll(): Promise<void> {
    this.isRunning = true;
    this.#isStopped = false;
    this.runs = this.runs.map((run) => ({ ...run, results: [], entries: [] }));
    this.greeting = (await greet({ address: this.read, page: this.page }, new Log())).greeting;
    if ((this.greeting?.refusal ?? null) === null) {
      for (const place of this.runs.keys()) {
        if (this.#isStopped) break;
        await this.#run(place);
      }
    }
    this.isRunning = false;
  }

  async runOne(place: number): Promise<void> {
    this.isRunning = true;
    await this.#run(place);
    this.isRunning = false;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #run(place: number): Promise<void> {
    const put = (more: Partial<Run>): void => {
      this.runs = this.runs.map((run, at) => (at === place ? { ...run, ...more } : run));
    };
    const scenario = this.runs[place]?.scenario;
    if (scenario === undefined) return;
    const stage = new Stage(this.#setup, new Log((entries) => put({ entries })));
    await runSteps(scenario.steps(), stage, (results) => put({ results }));
    await stage.end();
  }

  get #setup(): Setup {
    const [url, chat, token] = [this.address.trim(), this.chat.trim(), this.token.trim()];
    return { url, chat, token, otherToken: this.otherToken.trim(), expiredToken: this.expiredToken.trim() };
  }

  report(): string {
    return [
      `Connection test, ${new Date().toISOString()}`,
      `Address: ${this.read.given}`,
      `Browser: ${navigator.userAgent}`,
      ...this.runs.flatMap((run) => [
        '',
        `${run.scenario.name}: ${verdictOf(run)}`,
        ...run.results.map(({ name, is, says }) => `  ${is.padEnd(8)} ${name}${says === '' ? '' : `: ${says}`}`),
        ...(verdictOf(run) === 'failed' ? run.entries.map((entry) => `    ${lineOf(entry)}`) : []),
      ]),
    ].join('\n');
  }
}

/** What a scenario came to; one of which a part could not be tried has passed as far as it went. */
export function verdictOf({ results }: Run): Verdict {
  const all = new Set(results.map(({ is }) => is));
  if (all.has('failed')) return 'failed';
  if (all.has('running')) return 'running';
  if (all.has('waiting') || results.length === 0) return 'waiting';
  return all.has('skipped') ? 'skipped' : 'passed';
}
