import { describe, expect, test } from 'vitest';
import { placeMenu } from '../../src/parts/menu';

const SCREEN = { width: 1000, height: 800 };
const MENU = { width: 200, height: 300 };
const button = (left: number, top: number) => ({ left, top, right: left + 36, bottom: top + 36 });

describe('a menu', () => {
  test('stands below its button, along its start', () => {
    expect(placeMenu(button(100, 100), MENU, SCREEN, 'ltr')).toEqual({ left: 100, top: 140 });
    expect(placeMenu(button(500, 100), MENU, SCREEN, 'rtl')).toEqual({ left: 336, top: 140 });
  });

  test('turns over where the window ends', () => {
    expect(placeMenu(button(940, 700), MENU, SCREEN, 'ltr')).toEqual({ left: 776, top: 396 });
  });

  test('never leaves the window, however small that is', () => {
    expect(placeMenu(button(10, 150), MENU, { width: 180, height: 320 }, 'ltr')).toEqual({ left: 8, top: 12 });
  });
});
