/** The endings of connections by their root cause, from how many there are of each code. */

import type { Shapes } from '../../lib/api';

type Count = Shapes['EndingCount'];

export interface CauseCount {
  /** The cause's id; null: the catalogue has none, and `code` says how it ended. */
  readonly cause: Shapes['CauseShown'] | null;
  /** Those that lead here, most first. */
  readonly codes: readonly string[];
  readonly count: number;
}

/** One row a cause, most first; each code that has no cause is a row of its own. */
export function byCause(counts: readonly Count[]): CauseCount[] {
  const rows = new Map<string, CauseCount>();
  for (const { code, count, cause } of counts) {
    const key = cause === null ? `code ${code}` : cause.id;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { cause, codes: [code], count });
    else rows.set(key, { ...row, codes: [...row.codes, code], count: row.count + count });
  }
  return [...rows.values()].sort((one, other) => other.count - one.count);
}

/** What the list is asked for: one cause, or one code. */
export type Wanted = { readonly is: 'all' } | { readonly is: 'cause' | 'code'; readonly name: string };

/** What a row stands for. */
export function wantedOf(row: CauseCount): Wanted {
  return row.cause === null ? { is: 'code', name: row.codes[0] ?? '' } : { is: 'cause', name: row.cause.id };
}

export function isSame(one: Wanted, other: Wanted): boolean {
  return one.is === other.is && ('name' in one ? one.name : '') === ('name' in other ? other.name : '');
}
