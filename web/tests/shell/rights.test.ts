import { describe, expect, it } from 'vitest';
import { mayAdd, mayLeave, mayRemove, mayRename, rolesToGive } from '../../src/shell/rights';

describe('what is offered to a member', () => {
  it('is nothing but reading and writing in a direct chat', () => {
    const offered = [
      mayRename('direct', 'owner'),
      mayAdd('direct', 'owner'),
      mayRemove('direct', 'owner', 'member'),
      mayLeave('direct'),
    ];

    expect(offered).toEqual([false, false, false, false]);
    expect(rolesToGive('direct', 'owner', 'member')).toEqual([]);
  });

  it('is adding people to a group for everybody, to a channel for its administrators', () => {
    expect(mayAdd('group', 'member')).toBe(true);
    expect(mayAdd('channel', 'member')).toBe(false);
    expect(mayAdd('channel', 'admin')).toBe(true);
  });

  it('is taking out only those below one, except for owners', () => {
    expect(mayRemove('group', 'admin', 'member')).toBe(true);
    expect(mayRemove('group', 'admin', 'admin')).toBe(false);
    expect(mayRemove('group', 'owner', 'owner')).toBe(true);
  });

  it('is giving roles below the own one, except for owners', () => {
    expect(rolesToGive('group', 'owner', 'member')).toEqual(['owner', 'admin']);
    expect(rolesToGive('group', 'admin', 'member')).toEqual([]);
    expect(rolesToGive('group', 'member', 'member')).toEqual([]);
  });
});
