import { expect, test } from 'vitest';
import { middleSquare } from '../../src/lib/portrait';

test('a picture is cut to its middle square, a tall one nearer to its head', () => {
  expect(middleSquare(400, 300)).toEqual({ x: 50, y: 0, side: 300 });
  expect(middleSquare(300, 600)).toEqual({ x: 0, y: 100, side: 300 });
  expect(middleSquare(64, 64)).toEqual({ x: 0, y: 0, side: 64 });
});
