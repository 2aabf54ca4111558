import { describe, expect, it } from 'vitest';
import { Layout } from '../../src/conversation/layout';

const rows = (...keys: string[]) => keys.map((key) => ({ key }));

describe('the layout of the list', () => {
  it('stacks rows by their guesses until they are measured', () => {
    const layout = new Layout(() => 10);
    layout.place(rows('a', 'b', 'c'));

    layout.measure([['b', 25]]);

    expect([layout.top(0), layout.top(1), layout.top(2), layout.total]).toEqual([0, 10, 35, 45]);
  });

  it('keeps heights with their rows when others come before, between and after them, and some leave', () => {
    const layout = new Layout(() => 10);
    layout.place(rows('b', 'd', 'e'));
    layout.measure([
      ['b', 20],
      ['d', 40],
    ]);

    layout.place(rows('a', 'b', 'c', 'd'));

    expect([0, 1, 2, 3].map((place) => layout.height(place))).toEqual([10, 20, 10, 40]);
    expect(layout.placeOf('e')).toBeUndefined();
  });

  it('finds the row at every distance, the first before the start and the last beyond the end', () => {
    const layout = new Layout(() => 10);
    layout.place(rows('a', 'b', 'c'));

    expect([-5, 0, 9.9, 10, 29, 30, 1000].map((offset) => layout.at(offset))).toEqual([0, 0, 0, 1, 2, 2, 2]);
  });

  it('gives the rows that touch a stretch', () => {
    const layout = new Layout(() => 10);
    layout.place(rows('a', 'b', 'c', 'd'));

    expect(layout.between(10, 25)).toEqual({ start: 1, end: 3 });
    expect(layout.between(-100, 1000)).toEqual({ start: 0, end: 4 });
  });

  it('is empty without rows', () => {
    const layout = new Layout(() => 10);

    expect(layout.total).toBe(0);
    expect(layout.between(0, 100)).toEqual({ start: 0, end: 0 });
  });

  it('tells whether a measure is news, and forgets rows that left long ago', () => {
    const layout = new Layout(() => 10);
    for (let page = 0; page < 20; page += 1) {
      const keys = Array.from({ length: 50 }, (_, index) => `${String(page)}-${String(index)}`);
      layout.place(rows(...keys));
      layout.measure(keys.map((key) => [key, 20] as const));
    }

    expect(layout.measure([['19-0', 20]])).toBe(false);
    expect(layout.measure([['19-0', 21]])).toBe(true);
    layout.place(rows('0-0'));
    expect(layout.total).toBe(10);
  });
});
