/** What the keyboard can do on the messages page; each name is a text in `t().shortcuts`. */
export type Command =
  | 'switcher'
  | 'previousChat'
  | 'nextChat'
  | 'previousUnread'
  | 'nextUnread'
  | 'search'
  | 'markRead'
  | 'markAllRead'
  | 'nextRegion'
  | 'previousRegion'
  | 'sheet'
  | 'replyLast'
  | 'unreadFromHere'
  | 'send'
  | 'newLine'
  | 'leaveReply';

export type Group = 'go' | 'read' | 'write' | 'page';

export interface Shortcut {
  readonly command: Command;
  readonly group: Group;
  /** Alternatives, such as `Ctrl+K`. On Apple keyboards `Ctrl` means ⌘, except before F6. */
  readonly keys: readonly string[];
  /** The shell listens itself; the others belong to the conversation and are only shown here. */
  readonly shell: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { command: 'switcher', group: 'go', keys: ['Ctrl+K'], shell: true },
  { command: 'previousChat', group: 'go', keys: ['Alt+ArrowUp'], shell: true },
  { command: 'nextChat', group: 'go', keys: ['Alt+ArrowDown'], shell: true },
  { command: 'previousUnread', group: 'go', keys: ['Alt+Shift+ArrowUp'], shell: true },
  { command: 'nextUnread', group: 'go', keys: ['Alt+Shift+ArrowDown'], shell: true },
  { command: 'search', group: 'go', keys: ['/', 'Ctrl+Shift+F'], shell: true },
  { command: 'markRead', group: 'read', keys: ['Escape'], shell: true },
  { command: 'markAllRead', group: 'read', keys: ['Shift+Escape'], shell: true },
  { command: 'unreadFromHere', group: 'read', keys: ['U'], shell: false },
  { command: 'send', group: 'write', keys: ['Enter'], shell: false },
  { command: 'newLine', group: 'write', keys: ['Shift+Enter'], shell: false },
  { command: 'replyLast', group: 'write', keys: ['Shift+ArrowUp'], shell: false },
  { command: 'leaveReply', group: 'write', keys: ['Escape'], shell: false },
  { command: 'nextRegion', group: 'page', keys: ['F6', 'Ctrl+F6'], shell: true },
  { command: 'previousRegion', group: 'page', keys: ['Shift+F6', 'Ctrl+Shift+F6'], shell: true },
  { command: 'sheet', group: 'page', keys: ['?', 'Ctrl+/'], shell: true },
];

export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export interface Situation {
  /** The focus is where letters are typed. */
  readonly typing: boolean;
  /** Single keys may be commands (WCAG 2.1.4: they can be switched off). */
  readonly singleKeys: boolean;
  readonly apple: boolean;
}

/** The command of a key press, or null where it means nothing to the shell. */
export function commandFor(pressed: Pressed, situation: Situation): Command | null {
  for (const { command, keys, shell } of SHORTCUTS) {
    if (shell && keys.some((combination) => matches(pressed, combination, situation))) return command;
  }
  return null;
}

/** A single character without Ctrl, Alt or ⌘: what a person also types by accident. */
export function isSingleKey(combination: string): boolean {
  return combination.length === 1;
}

/** A combination as people write it: `Alt+Up`, `Esc`. */
export function written(combination: string): string {
  return combination.replace('Arrow', '').replace('Escape', 'Esc');
}

function matches(pressed: Pressed, combination: string, { typing, singleKeys, apple }: Situation): boolean {
  const parts = combination.split(/\+(?=.)/);
  const key = parts[parts.length - 1] ?? '';
  const single = isSingleKey(combination);
  if (single && (typing || !singleKeys)) return false;
  if (pressed.key.toLowerCase() !== key.toLowerCase()) return false;

  const command = apple && key !== 'F6' ? pressed.metaKey : pressed.ctrlKey;
  const foreign = apple && key !== 'F6' ? pressed.ctrlKey : pressed.metaKey;
  if (foreign || command !== parts.includes('Ctrl') || pressed.altKey !== parts.includes('Alt')) return false;
  // Which characters need Shift depends on the keyboard: `?`, and `/` too on many.
  return single || !/^[a-z]$|^.{2,}$/i.test(key) || pressed.shiftKey === parts.includes('Shift');
}
