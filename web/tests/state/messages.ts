/** Messages of tests. */

import type { Message } from '../../src/state/message';

export function message(seq: number, by: string, at: number, more: Partial<Message> = {}): Message {
  return {
    key: `m${seq}`,
    id: `m${seq}`,
    seq,
    by,
    mine: by === 'me',
    at,
    text: `text ${seq}`,
    deleted: false,
    editedAt: null,
    replyTo: null,
    status: 'sent',
    slow: false,
    failure: null,
    ...more,
  };
}
