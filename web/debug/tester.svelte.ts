/** What the test page shows, and what it can do. */

import { Entered } from './entered.svelte';
import { greet } from './examine';
import type { Greeting } from './evidence';
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
  readonly entered = new Entered();
  otherToken = $state('');
  expiredToken = $state('');
  isRunning = $state(false);
  greeting = $state.raw<Greeting | null>(null);
  runs = $state.raw<readonly Run[]>(SCENARIOS.map((scenario) => ({ scenario, results: [], entries: [] })));
  #isStopped = false;

  get counts(): Readonly<Record<Verdict, number>> {
    const counts = { waiting: 0, running: 0, passed: 0, failed: 0, skipped: 0 };
    for (const run of this.runs) counts[verdictOf(run)] += 1;
    return counts;
  }

  /** One after the other, so that no scenario meets the limits of another. */
  async runAll(): Promise<void> {
    this.isRunning = true;
    this.#isStopped = false;
    this.runs = this.runs.map((run) => ({ ...run, results: [], entries: [] }));
    this.greeting = (await greet({ address: this.entered.read, page: this.entered.page }, new Log())).greeting;
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
    const [url, chat, token] = [this.entered.address.trim(), this.entered.chat.trim(), this.entered.token.trim()];
    return { url, chat, token, otherToken: this.otherToken.trim(), expiredToken: this.expiredToken.trim() };
  }

  report(): string {
    return [
      `Connection test, ${new Date().toISOString()}`,
      `Address: ${this.entered.read.given}`,
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
