import { untrack } from 'svelte';
import { announce } from './announce.svelte';

export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'success' | 'danger';
  action: { label: string; run: () => void } | null;
}

/** Long enough to read a sentence; held while the pointer or the focus is on it. */
const STAYS_MS = 6_000;
const MOST = 3;

let list = $state.raw<readonly Toast[]>([]);
let last = 0;

const leaving = new Map<number, ReturnType<typeof setTimeout>>();

/** Says something short that needs no answer: "Copied", "Saved". What must not be missed is a Notice. */
export function toast(text: string, kind: Toast['kind'] = 'info', action: Toast['action'] = null): void {
  const made: Toast = { id: ++last, text, kind, action };
  // Said from within an effect, it must not become what that effect waits for.
  const shown = untrack(() => list);
  shown.slice(0, Math.max(0, shown.length - MOST + 1)).forEach((old) => {
    dismiss(old.id);
  });
  list = [...untrack(() => list), made];
  leaveLater(made.id);
  announce(text);
}

export function toasts(): readonly Toast[] {
  return list;
}

export function dismiss(id: number): void {
  hold(id);
  list = untrack(() => list).filter((each) => each.id !== id);
}

/** Somebody is reading it. */
export function hold(id: number): void {
  clearTimeout(leaving.get(id));
  leaving.delete(id);
}

export function leaveLater(id: number): void {
  hold(id);
  // What can be done by it may be wanted later: it stays until it is done or dismissed.
  if (untrack(() => list).some((each) => each.id === id && each.action !== null)) return;
  leaving.set(
    id,
    setTimeout(() => {
      dismiss(id);
    }, STAYS_MS),
  );
}
