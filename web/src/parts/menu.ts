import type { Component } from 'svelte';

export interface MenuItem {
  label: string;
  icon?: Component;
  /** What it does. The menu is closed by then and the focus back where it was. */
  action: () => void;
  danger?: boolean;
  disabled?: boolean;
  /** Of an item that is one of several choices. */
  checked?: boolean;
  /** The keys that do the same, as in `Ctrl+K`. */
  keys?: string;
}

/** A line between groups of items. */
export type MenuEntry = MenuItem | 'line';

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const GAP = 4;
const EDGE = 8;

/** Where a menu stands: below what opened it and along its start, turned over where the window ends. */
export function placeMenu(
  anchor: Box,
  menu: { width: number; height: number },
  screen: { width: number; height: number },
  direction: 'ltr' | 'rtl',
): { left: number; top: number } {
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - menu.height;
  const fitsBelow = below + menu.height <= screen.height - EDGE;
  const alongLeft = anchor.left;
  const alongRight = anchor.right - menu.width;
  const wanted = direction === 'ltr' ? alongLeft : alongRight;
  const other = direction === 'ltr' ? alongRight : alongLeft;
  const fits = (left: number): boolean => left >= EDGE && left + menu.width <= screen.width - EDGE;
  return {
    left: within(fits(wanted) ? wanted : other, screen.width - menu.width - EDGE),
    top: within(fitsBelow || above < EDGE ? below : above, screen.height - menu.height - EDGE),
  };
}

function within(value: number, end: number): number {
  return Math.max(EDGE, Math.min(value, end));
}
