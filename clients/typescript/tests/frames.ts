/** Frames of a server as tests say them. */

import type {
  ErrorFrame,
  Goodbye,
  MemberJoined,
  MemberLeft,
  MessageSent,
  Reset,
  Synced,
  Welcome,
} from '../src/generated/frames';

export const CHAT = 'chat';
export const OTHER = 'other';
export const ANN = 'ann';

export function welcome(epoch = 'e', heads: Readonly<Record<string, number>> = {}): Welcome {
  return {
    type: 'welcome',
    connection: 'c1',
    user: { id: ANN, name: ANN },
    protocol: 'tenfour.v1',
    epoch,
    heartbeat_s: 25,
    server_time: 'now',
    expires_at: 'later',
    node: 'node',
    limits: {
      frame_bytes: 65_536,
      text_chars: 16_000,
      frames_per_s: 50,
      sends_per_s: 20,
      user_sends_per_s: 30,
      connections_per_user: 10,
      send_budget_bytes: 1_048_576,
      receipts_live_max: 50,
    },
    chats: Object.entries(heads).map(([chat, head]) => ({ chat, head, read: 0 })),
    chats_more: false,
  };
}

export function event(seq: number, chat = CHAT): MessageSent {
  const about = { id: `m${seq}`, key: `k${seq}`, text: 'text', reply_to: null, edited_at: null, deleted: false };
  return { type: 'message_sent', chat, seq, at: 'now', by: 'bob', ...about };
}

export function joined(seq: number, user: string, chat = CHAT): MemberJoined {
  return { type: 'member_joined', chat, seq, at: 'now', by: 'bob', user, role: 'member' };
}

export function left(seq: number, user: string, chat = CHAT): MemberLeft {
  return { type: 'member_left', chat, seq, at: 'now', by: 'bob', user };
}

export function synced(id: string | null, seq: number, chat = CHAT, epoch = 'e'): Synced {
  return { type: 'synced', id, chat, seq, epoch };
}

export function reset(id: string | null, head: number, chat = CHAT, epoch = 'e'): Reset {
  return { type: 'reset', id, chat, head, epoch };
}

export function goodbye(code: number, reason: string, reconnect: boolean, after_ms: number | null = null): Goodbye {
  return { type: 'goodbye', code, reason, reconnect, after_ms };
}

export function error(code: string, facts: Partial<ErrorFrame> = {}): ErrorFrame {
  return {
    type: 'error',
    code,
    detail: 'Because.',
    advice: '',
    id: null,
    chat: null,
    key: null,
    retry_after_ms: null,
    ...facts,
  };
}
