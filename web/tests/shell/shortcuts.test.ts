import { describe, expect, it } from 'vitest';
import { commandFor, SHORTCUTS, written, type Pressed } from '../../src/shell/shortcuts';

function press(key: string, ...held: ('ctrl' | 'meta' | 'alt' | 'shift')[]): Pressed {
  const down = (name: 'ctrl' | 'meta' | 'alt' | 'shift') => held.includes(name);
  return { key, ctrlKey: down('ctrl'), metaKey: down('meta'), altKey: down('alt'), shiftKey: down('shift') };
}

const reading = { typing: false, singleKeys: true, apple: false };
const typing = { ...reading, typing: true };

describe('shortcuts', () => {
  it.each([
    [press('k', 'ctrl'), 'switcher'],
    [press('ArrowUp', 'alt'), 'previousChat'],
    [press('ArrowDown', 'alt'), 'nextChat'],
    [press('ArrowUp', 'alt', 'shift'), 'previousUnread'],
    [press('ArrowDown', 'alt', 'shift'), 'nextUnread'],
    [press('F', 'ctrl', 'shift'), 'search'],
    [press('Escape'), 'markRead'],
    [press('Escape', 'shift'), 'markAllRead'],
    [press('F6'), 'nextRegion'],
    [press('F6', 'ctrl'), 'nextRegion'],
    [press('F6', 'shift'), 'previousRegion'],
    [press('/', 'ctrl'), 'sheet'],
  ])('%o is a command wherever the focus is', (pressed, command) => {
    expect(commandFor(pressed, reading)).toBe(command);
    expect(commandFor(pressed, typing)).toBe(command);
  });

  it('takes a single key only outside of inputs', () => {
    expect(commandFor(press('?', 'shift'), reading)).toBe('sheet');
    expect(commandFor(press('?', 'shift'), typing)).toBeNull();
  });

  it('takes no single key where they are switched off', () => {
    const off = { ...reading, singleKeys: false };

    expect(commandFor(press('/'), off)).toBeNull();
    expect(commandFor(press('/', 'ctrl'), off)).toBe('sheet');
  });

  it('finds a character whether or not this keyboard needs Shift for it', () => {
    expect(commandFor(press('/', 'shift'), reading)).toBe('search');
    expect(commandFor(press('/', 'ctrl', 'shift'), typing)).toBe('sheet');
  });

  it('takes the command key on Apple keyboards, and leaves Ctrl+K to the editor there', () => {
    const apple = { ...typing, apple: true };

    expect(commandFor(press('k', 'meta'), apple)).toBe('switcher');
    expect(commandFor(press('k', 'ctrl'), apple)).toBeNull();
    expect(commandFor(press('F6', 'ctrl'), apple)).toBe('nextRegion');
  });

  it('leaves the keys of the conversation to the conversation', () => {
    expect(commandFor(press('u'), reading)).toBeNull();
    expect(commandFor(press('Enter'), typing)).toBeNull();
    expect(commandFor(press('ArrowUp'), typing)).toBeNull();
  });

  it('gives no combination to two commands of the shell', () => {
    const keys = SHORTCUTS.filter((shortcut) => shortcut.shell).flatMap((shortcut) => shortcut.keys);

    expect(new Set(keys).size).toBe(keys.length);
  });

  it('are written as people write them', () => {
    expect(written('Alt+Shift+ArrowUp')).toBe('Alt+Shift+Up');
    expect(written('Shift+Escape')).toBe('Shift+Esc');
  });
});
