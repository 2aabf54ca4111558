import { describe, expect, test } from 'vitest';
import { hueOf, HUES, initialsOf } from '../../src/lib/hues';

const id = (n: number): string => `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;

describe('the hue of a person', () => {
  test('is the one that was chosen', () => {
    HUES.forEach((colour, hue) => expect(hueOf(id(7), colour)).toBe(hue));
    expect(hueOf(id(7), HUES[3].toUpperCase())).toBe(3);
  });

  test('follows from the id, always the same, where none was chosen', () => {
    expect(hueOf(id(1), null)).toBe(hueOf(id(1), null));
    expect(hueOf(id(1), 'no colour')).toBe(hueOf(id(1), null));
  });

  test('spreads over all ten, also for ids made one after the other', () => {
    const hues = Array.from({ length: 1000 }, (_, n) => hueOf(id(n), null));
    const counts = HUES.map((_, hue) => hues.filter((each) => each === hue).length);

    expect(Math.min(...counts)).toBeGreaterThan(50);
  });

  test('is the nearest of the ten for a colour that another program has set', () => {
    expect(hueOf(id(1), '#ff0000')).toBe(0);
    expect(hueOf(id(1), '#0066ff')).toBe(7);
    expect(hueOf(id(1), '#808080')).toBe(hueOf(id(1), null));
  });
});

describe('initials', () => {
  test.each([
    ['Ada Lovelace', 'AL'],
    ['ada.lovelace', 'AL'],
    ['ada', 'A'],
    ['Jean-Luc M. Picard', 'JP'],
    ['émile', 'É'],
    ['👩‍🚀 crew', '👩‍🚀C'],
    ['_', '_'],
  ])('of %s are %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
