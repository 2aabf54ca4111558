import { describe, expect, it } from 'vitest';
import { Announcing } from '../../src/conversation/announcing';

const many = (count: number) => `${String(count)} new messages`;

describe('reading messages out', () => {
  it('says one message by name and text, at once', () => {
    const announcing = new Announcing();

    expect(announcing.add('Ada: hello', 5000)).toBe(5000);
    expect(announcing.due(5000, many)).toBe('Ada: hello');
    expect(announcing.due(5000, many)).toBeNull();
  });

  it('says how many when several come within a second', () => {
    const announcing = new Announcing();
    announcing.add('Ada: one', 5000);
    announcing.due(5000, many);

    const at = ['two', 'three', 'four'].map((word) => announcing.add(`Ada: ${word}`, 5100));

    expect(at).toEqual([6000, 6000, 6000]);
    expect(announcing.due(5999, many)).toBeNull();
    expect(announcing.due(6000, many)).toBe('3 new messages');
  });
});
