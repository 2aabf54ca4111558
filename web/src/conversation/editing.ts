/** Text with the part of it that is selected. */
export interface Selection {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What to type over which part, and what is selected afterwards. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
  readonly start: number;
  readonly end: number;
}

export type Format = 'bold' | 'italic' | 'code' | 'link';

const MARKS = { bold: '**', italic: '_', code: '`' } as const;

/** Puts the marks of a format around the selection, or takes them away where they are. */
export function format(selection: Selection, kind: Format): Edit {
  const { text, start, end } = selection;
  const inner = text.slice(start, end);
  if (kind === 'link') return linked(inner, start, end);

  const mark = kind === 'code' && inner.includes('\n') ? '```\n' : MARKS[kind];
  const closing = mark === '```\n' ? '\n```' : mark;
  const isMarked = text.slice(start - mark.length, start) === mark && text.slice(end, end + closing.length) === closing;
  if (isMarked) {
    const from = start - mark.length;
    return { from, to: end + closing.length, insert: inner, start: from, end: from + inner.length };
  }
  return { from: start, to: end, insert: mark + inner + closing, start: start + mark.length, end: end + mark.length };
}

function linked(inner: string, start: number, end: number): Edit {
  if (/^https?:\/\/\S+$/.test(inner)) {
    return { from: start, to: end, insert: `[](${inner})`, start: start + 1, end: start + 1 };
  }
  const address = 'https://';
  const from = start + inner.length + 3;
  return { from: start, to: end, insert: `[${inner}](${address})`, start: from, end: from + address.length };
}

/** How many characters are left once few are: in the last tenth of the limit; null before. Counted as the server counts, in code points. */
export function charactersLeft(text: string, limit: number): number | null {
  // UTF-16 has at least as many units as the text has code points: most texts need no counting.
  if (text.length < limit * 0.9) return null;
  const left = limit - [...text].length;
  return left <= limit * 0.1 ? left : null;
}

/** What a key means to the composer. */
export type KeyMeaning = 'send' | 'line' | 'leave' | 'replyLast' | Format | null;

export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}

const SHORTCUTS: Record<string, Format> = { b: 'bold', i: 'italic', e: 'code', k: 'link' };

/** While an input method composes, every key is its own: Enter there picks a word. */
export function meaning(press: KeyPress, enterSends: boolean, selected: boolean): KeyMeaning {
  if (press.isComposing || press.altKey) return null;
  const command = press.ctrlKey || press.metaKey;
  if (press.key === 'Enter') {
    if (command) return 'send';
    return enterSends === press.shiftKey ? 'line' : 'send';
  }
  if (press.key === 'Escape') return 'leave';
  if (press.key === 'ArrowUp' && press.shiftKey && !command) return 'replyLast';
  if (!command || press.shiftKey) return null;
  const format = SHORTCUTS[press.key.toLowerCase()] ?? null;
  // Without a selection Ctrl+K is the switcher's.
  return format === 'link' && !selected ? null : format;
}
