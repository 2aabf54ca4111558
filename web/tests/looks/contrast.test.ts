import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contrast, Tokens, type Theme } from './tokens';

const css = readFileSync(new URL('../../src/styles/tokens.css', import.meta.url), 'utf8');
const tokens = new Tokens(css);
const THEMES: readonly Theme[] = ['light', 'dark'];
const GROUNDS = ['ground', 'ground-side', 'ground-raised', 'ground-field'];

/** [what is read, on what]: 4.5 by WCAG 2.2, 1.4.3. */
const TEXT: readonly (readonly [string, string])[] = [
  ...GROUNDS.flatMap((ground) => ['text', 'text-muted', 'link', 'danger'].map((text) => [text, ground] as const)),
  ['text', 'ground-sunken'],
  ['text-muted', 'ground-sunken'],
  ['text', 'bubble'],
  ['text-muted', 'bubble'],
  ['link', 'bubble'],
  ['on-bubble-own', 'bubble-own'],
  ['text-muted', 'bubble-own'],
  ['link', 'bubble-own'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-strong'],
  ['on-accent-soft', 'accent-soft'],
  ['on-danger', 'danger'],
  ['on-danger', 'danger-strong'],
  ['on-danger-soft', 'danger-soft'],
  ['on-warning-soft', 'warning-soft'],
  ['on-success-soft', 'success-soft'],
  ['on-inverse', 'ground-inverse'],
  ['inverse-success', 'ground-inverse'],
  ['inverse-danger', 'ground-inverse'],
  ['on-accent-soft', 'scene'],
  ['text', 'selection'],
];

/** 3 by 1.4.11: icons, edges of fields, the ring of focus, presence. */
const THINGS: readonly (readonly [string, string])[] = GROUNDS.flatMap((ground) =>
  ['icon', 'focus', 'accent', 'line-control', 'success', 'warning', 'chart-first', 'chart-second'].map(
    (thing) => [thing, ground] as const,
  ),
);

describe.each(THEMES)('in the %s theme', (theme) => {
  test.each(TEXT)('%s can be read on %s', (text, ground) => {
    expect(contrast(tokens.colour(text, theme), tokens.colour(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(THINGS)('%s can be seen on %s', (thing, ground) => {
    expect(contrast(tokens.colour(thing, theme), tokens.colour(ground, theme))).toBeGreaterThanOrEqual(3);
  });

  test('text is quiet: about 12 to 1, not black on white', () => {
    const found = contrast(tokens.colour('text', theme), tokens.colour('ground', theme));

    expect(found).toBeGreaterThan(11);
    expect(found).toBeLessThan(16);
  });

  test('selected and pressed rows keep their text readable', () => {
    for (const tint of ['tint-hover', 'tint-pressed', 'tint-selected']) {
      const ground = tokens.over(tint, 'ground-side', theme);
      expect(contrast(tokens.colour('text-muted', theme), ground), tint).toBeGreaterThanOrEqual(4.5);
    }
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('initials and names of hue %i can be read', (hue) => {
    const person = tokens.ofPerson(hue);

    expect(contrast(person.colour('on-person', theme), person.colour('person-ground', theme))).toBeGreaterThanOrEqual(
      4.5,
    );
    for (const ground of ['ground', 'bubble', 'ground-raised']) {
      expect(
        contrast(person.colour('person-name', theme), person.colour(ground, theme)),
        ground,
      ).toBeGreaterThanOrEqual(4.5);
    }
  });
});

test('in the dark what is raised is lighter', () => {
  const steps = ['ground', 'ground-side', 'ground-raised'].map((name) =>
    contrast(tokens.colour(name, 'dark'), [0, 0, 0]),
  );

  expect(steps).toEqual([...steps].sort((a, b) => a - b));
});
