import { describe, expect, it } from 'vitest';
import { fitting } from '../../src/shell/match';
import { snippet } from '../../src/shell/snippet';

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

describe('the search', () => {
  const names = ['Marketing', 'José Martín', 'Ana', 'Team Mars'];

  it('puts names that begin with what was typed before words and parts', () => {
    expect(fitting(names, 'mar', (name) => name)).toEqual(['Marketing', 'José Martín', 'Team Mars']);
  });

  it('does not ask for accents', () => {
    expect(fitting(names, 'jose', (name) => name)).toEqual(['José Martín']);
  });
});
