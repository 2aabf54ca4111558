import { untrack } from 'svelte';

/** Lines that are kept: a screen reader takes up what is added, and nothing when old ones go. */
const KEPT = 5;

export interface Line {
  id: number;
  text: string;
}

let lines = $state.raw<readonly Line[]>([]);
let last = 0;

/** Has a screen reader say something when it has finished what it says now. The page has one region for it: two would speak over each other. */
export function announce(text: string): void {
  // Said from within an effect, it must not become what that effect waits for.
  lines = [...untrack(() => lines).slice(1 - KEPT), { id: ++last, text }];
}

export function announced(): readonly Line[] {
  return lines;
}
