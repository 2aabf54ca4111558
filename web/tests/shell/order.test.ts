import { describe, expect, it } from 'vitest';
import { holdPlaces } from '../../src/shell/order';

const rows = (ids: string) => [...ids].map((id) => ({ id }));
const ids = (list: readonly { id: string }[]) => list.map((row) => row.id).join('');

describe('the order of the chat list', () => {
  it('is the new one where nothing is held', () => {
    const order = holdPlaces(rows('cab'), []);

    expect(ids(order)).toBe('cab');
  });

  it('keeps the row under the pointer where it was when another chat comes to the top', () => {
    const order = holdPlaces(rows('cab'), [{ id: 'b', index: 1 }]);

    expect(ids(order)).toBe('cba');
  });

  it('keeps the row under the pointer where it was when that chat itself becomes the newest', () => {
    const order = holdPlaces(rows('bac'), [{ id: 'b', index: 1 }]);

    expect(ids(order)).toBe('abc');
  });

  it('keeps both the row under the pointer and the row with the focus', () => {
    const order = holdPlaces(rows('dcba'), [
      { id: 'b', index: 1 },
      { id: 'a', index: 0 },
    ]);

    expect(ids(order)).toBe('abdc');
  });

  it('counts a row once that has both the pointer and the focus', () => {
    const order = holdPlaces(rows('cba'), [
      { id: 'a', index: 0 },
      { id: 'a', index: 0 },
    ]);

    expect(ids(order)).toBe('acb');
  });

  it('forgets a held row that has left the list', () => {
    const order = holdPlaces(rows('ba'), [{ id: 'gone', index: 0 }]);

    expect(ids(order)).toBe('ba');
  });

  it('puts a held row last where the list has become shorter than its place', () => {
    const order = holdPlaces(rows('ba'), [{ id: 'b', index: 5 }]);

    expect(ids(order)).toBe('ab');
  });
});
