import { describe, expect, it } from 'vitest';
import { badgeText, pageTitle, unreadOf } from '../../src/shell/unread';

const chat = (kind: string, unread: number, mentioned = false, gone: string | null = null) => ({
  kind,
  unread,
  mentioned,
  gone,
});

describe('what is unread', () => {
  it('counts messages of direct chats, a mention as one, and only notes the rest', () => {
    const unread = unreadOf([chat('direct', 3), chat('group', 40, true), chat('channel', 7), chat('direct', 0)]);

    expect(unread).toEqual({ direct: 4, rest: true });
  });

  it('leaves out chats that the reader is no longer in', () => {
    const unread = unreadOf([chat('direct', 3, false, 'removed'), chat('group', 2, false, 'left')]);

    expect(unread).toEqual({ direct: 0, rest: false });
  });

  it('is written into the title of the tab', () => {
    expect(pageTitle({ direct: 0, rest: false }, null)).toBe('Tenfour');
    expect(pageTitle({ direct: 0, rest: true }, 'Team')).toBe('• Team · Tenfour');
    expect(pageTitle({ direct: 3, rest: true }, 'Ana')).toBe('(3) Ana · Tenfour');
    expect(pageTitle({ direct: 120, rest: false }, 'Tenfour')).toBe('(99+) Tenfour');
  });

  it('ends at 99+', () => {
    expect(badgeText(99)).toBe('99');
    expect(badgeText(100)).toBe('99+');
  });
});
