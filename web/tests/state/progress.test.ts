import { expect, test } from 'vitest';
import { Progress } from '../../src/state/progress';

const at = (delivered: number, read: number, readAt: number | null = null) => ({ delivered, read, readAt });

test('a message is delivered and read when it is so for everybody', () => {
  const progress = new Progress();
  progress.expect(2);
  progress.heard('ann', at(7, 7));
  progress.heard('bob', at(5, 3));

  expect([3, 5, 6].map((seq) => progress.statusOf(seq))).toEqual(['read', 'delivered', 'sent']);
});

test('what is read is delivered, and nobody goes back', () => {
  const progress = new Progress();
  progress.expect(1);
  progress.heard('ann', at(0, 7, 1));

  const isNews = progress.heard('ann', at(3, 2, 2));

  expect(isNews).toBe(false);
  expect(progress.others.get('ann')).toEqual(at(7, 7, 1));
  expect(progress.statusOf(7)).toBe('read');
});

test('who joins later holds no older tick back', () => {
  const progress = new Progress();
  progress.expect(1);
  progress.heard('ann', at(5, 5));

  progress.joined('bob', 9);
  progress.expect(2);

  expect(progress.statusOf(5)).toBe('read');
});

test('who leaves is not waited for', () => {
  const progress = new Progress();
  progress.expect(2);
  progress.heard('ann', at(5, 5));
  progress.heard('bob', at(0, 0));

  progress.left('bob');
  progress.expect(1);

  expect(progress.statusOf(5)).toBe('read');
});

test('with nobody else in the chat a message is sent, and no more', () => {
  const progress = new Progress();
  progress.expect(2);

  progress.left('ann');
  progress.expect(0);

  expect(progress.statusOf(1)).toBe('sent');
});

test('nothing is read by everybody before everybody was heard of', () => {
  const progress = new Progress();
  progress.expect(2);

  progress.heard('ann', at(7, 7));

  expect(progress.statusOf(7)).toBe('sent');
});
