import { describe, expect, it } from 'vitest';
import { visibleRows } from '../../src/shell/visible';

describe('which rows of the chat list are drawn', () => {
  it('is all of them up to a hundred', () => {
    expect(visibleRows(100, 64, 0, 640)).toEqual({ first: 0, end: 100 });
  });

  it('is those on screen and a few around them beyond that', () => {
    expect(visibleRows(5_000, 64, 64_000, 640)).toEqual({ first: 992, end: 1_018 });
  });

  it('ends where the list ends', () => {
    expect(visibleRows(200, 64, 200 * 64 - 640, 640)).toEqual({ first: 182, end: 200 });
    expect(visibleRows(200, 64, 0, 640)).toEqual({ first: 0, end: 18 });
  });

  it('is a first hundred while no row has been measured', () => {
    expect(visibleRows(5_000, 0, 0, 0)).toEqual({ first: 0, end: 100 });
  });
});
