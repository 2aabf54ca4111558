import { describe, expect, it } from 'vitest';
import { fitting } from '../../src/shell/match';
import { snippet } from '../../src/shell/snippet';
import { shortTime, untilMidnight } from '../../src/shell/when';

describe('the second line of a chat', () => {
  it.each([
    ['**Done**, see `main.py`', 'Done, see main.py'],
    ['> quoted\n\nanswer', 'quoted answer'],
    ['```python\nprint(1)\n```', 'print(1)'],
    ['- one\n- two', 'one two'],
    ['[the page](https://example.org) is *new*', 'the page is new'],
    ['snake_case_name and 2 * 3 * 4', 'snake_case_name and 2 * 3 * 4'],
    ['# Title', 'Title'],
  ])('shows %j as %j', (text, line) => {
    expect(snippet(text)).toBe(line);
  });

  it('is cut where it gets long, between characters', () => {
    const line = snippet('🙂'.repeat(200));

    expect([...line].length).toBeLessThanOrEqual(161);
    expect(line.endsWith('🙂…')).toBe(true);
  });
});

describe('the time of a chat', () => {
  const at = (...parts: [number, number, number, number, number]) => new Date(...parts).getTime();
  const now = at(2026, 5, 10, 15, 30);

  it.each([
    [at(2026, 5, 10, 14, 5), '14:05'],
    [at(2026, 5, 9, 23, 59), 'Yesterday'],
    [at(2026, 5, 4, 12, 0), 'Thu'],
    [at(2026, 5, 3, 12, 0), '3 Jun'],
    [at(2024, 5, 3, 12, 0), '3 Jun 2024'],
  ])('%d is %s', (time, text) => {
    expect(shortTime(time, now, 'en-GB')).toBe(text);
  });

  it('speaks the language of the page', () => {
    expect(shortTime(at(2026, 5, 9, 12, 0), now, 'de')).toBe('Gestern');
  });

  it('says when the day changes', () => {
    expect(untilMidnight(at(2026, 5, 10, 23, 59))).toBe(60_000);
  });
});

describe('the search', () => {
  const names = ['Marketing', 'José Martín', 'Ana', 'Team Mars'];

  it('puts names that begin with what was typed before words and parts', () => {
    expect(fitting(names, 'mar', (name) => name)).toEqual(['Marketing', 'José Martín', 'Team Mars']);
  });

  it('does not ask for accents', () => {
    expect(fitting(names, 'jose', (name) => name)).toEqual(['José Martín']);
  });
});
