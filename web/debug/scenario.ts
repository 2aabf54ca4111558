/** Steps that pass or fail, one after the other. Runs in browsers and in Node. */

import { Missed } from './wire';

export interface Step<World> {
  readonly name: string;
  /** Returns what is worth telling; throws `Missed` or `Differs` where it fails, `Skipped` where it cannot be tried. */
  readonly run: (world: World) => Promise<string> | string;
}

export interface Result {
  readonly name: string;
  readonly is: 'waiting' | 'running' | 'passed' | 'failed' | 'skipped';
  readonly says: string;
  readonly tookMs: number;
}

/** Something came, and it is not what the protocol promises. */
export class Differs extends Error {
  override readonly name = 'Differs';
}

/** What the step needs is not here; the message says what. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

export function expect(holds: boolean, says: string): asserts holds {
  if (!holds) throw new Differs(says);
}

/** Tells each step as it begins and ends; after one that failed the rest is not tried. */
export async function runSteps<World>(
  steps: readonly Step<World>[],
  world: World,
  tell: (results: readonly Result[]) => void,
): Promise<readonly Result[]> {
  let results: readonly Result[] = steps.map(({ name }) => ({ name, is: 'waiting', says: '', tookMs: 0 }));
  const put = (at: number, more: Partial<Result>): void =>
    tell((results = results.map((each, place) => (place === at ? { ...each, ...more } : each))));
  for (const [at, step] of steps.entries()) {
    put(at, { is: 'running' });
    const began = performance.now();
    const verdict = await verdictOf(step, world);
    put(at, { ...verdict, tookMs: performance.now() - began });
    if (verdict.is === 'failed') break;
  }
  return results;
}

async function verdictOf<World>(step: Step<World>, world: World): Promise<Pick<Result, 'is' | 'says'>> {
  try {
    return { is: 'passed', says: await step.run(world) };
  } catch (cause) {
    if (cause instanceof Skipped) return { is: 'skipped', says: cause.message };
    if (cause instanceof Missed || cause instanceof Differs) return { is: 'failed', says: cause.message };
    // A fault of the step itself, or what the browser threw: it is shown all the same, by its name.
    return { is: 'failed', says: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause) };
  }
}
