import { describe, expect, it } from 'vitest';
import {
  charactersLeft,
  format,
  meaning,
  type Edit,
  type KeyPress,
  type Selection,
} from '../../src/conversation/editing';

/** `a [b] c`: the brackets stand around what is selected. */
function selected(marked: string): Selection {
  const start = marked.indexOf('[');
  const end = marked.indexOf(']') - 1;
  return { text: marked.replace('[', '').replace(']', ''), start, end };
}

function after({ text }: Selection, edit: Edit): string {
  const next = text.slice(0, edit.from) + edit.insert + text.slice(edit.to);
  return `${next.slice(0, edit.start)}[${next.slice(edit.start, edit.end)}]${next.slice(edit.end)}`;
}

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  ...more,
});

describe('formatting what is written', () => {
  it.each([
    ['bold', 'a [b] c', 'a **[b]** c'],
    ['bold', 'a **[b]** c', 'a [b] c'],
    ['italic', '[]', '_[]_'],
    ['code', 'run [ls -l]', 'run `[ls -l]`'],
  ] as const)('%s makes "%s" into "%s"', (kind, before, expected) => {
    const selection = selected(before);

    expect(after(selection, format(selection, kind))).toBe(expected);
  });

  it('makes a fence around several lines of code, and takes it away again', () => {
    const lines = selected('[a\nb]');
    const fenced = { text: '```\na\nb\n```', start: 4, end: 7 };

    expect(after(lines, format(lines, 'code'))).toBe('```\n[a\nb]\n```');
    expect(after(fenced, format(fenced, 'code'))).toBe('[a\nb]');
  });

  it('makes a link of words and selects the address to be typed, and of an address and asks for words', () => {
    const words = { text: 'see the docs', start: 4, end: 12 };
    const address = { text: 'https://example.org', start: 0, end: 19 };

    expect(after(words, format(words, 'link'))).toBe('see [the docs]([https://])');
    expect(after(address, format(address, 'link'))).toBe('[[]](https://example.org)');
  });
});

describe('the limit of a message', () => {
  it('is shown in its last tenth only, and counts as the server does', () => {
    expect(charactersLeft('a'.repeat(89), 100)).toBeNull();
    expect(charactersLeft('a'.repeat(90), 100)).toBe(10);
    expect(charactersLeft('a'.repeat(103), 100)).toBe(-3);
    expect(charactersLeft('😀'.repeat(95), 100)).toBe(5);
    expect(charactersLeft('😀'.repeat(60), 100)).toBeNull();
  });
});

describe('keys in the composer', () => {
  it('Enter sends and Shift+Enter makes a line, or the other way round', () => {
    expect(meaning(press('Enter'), true, false)).toBe('send');
    expect(meaning(press('Enter', { shiftKey: true }), true, false)).toBe('line');
    expect(meaning(press('Enter'), false, false)).toBe('line');
    expect(meaning(press('Enter', { shiftKey: true }), false, false)).toBe('send');
    expect(meaning(press('Enter', { ctrlKey: true }), false, false)).toBe('send');
  });

  it('means nothing while an input method composes', () => {
    expect(meaning(press('Enter', { isComposing: true }), true, false)).toBeNull();
    expect(meaning(press('Escape', { isComposing: true }), true, false)).toBeNull();
  });

  it('leaves Ctrl+K to the switcher unless text is selected', () => {
    expect(meaning(press('k', { ctrlKey: true }), true, false)).toBeNull();
    expect(meaning(press('k', { ctrlKey: true }), true, true)).toBe('link');
    expect(meaning(press('b', { metaKey: true }), true, false)).toBe('bold');
    expect(meaning(press('ArrowUp', { shiftKey: true }), true, false)).toBe('replyLast');
    expect(meaning(press('ArrowUp'), true, false)).toBeNull();
    expect(meaning(press('b'), true, false)).toBeNull();
  });
});
