// Made from src/tenfour/wire/frames.py by `make docs`. Do not edit.

/** A place in a chat: 1, 2, 3 … without gaps; 0 is before the first event. */
export type Seq = number;

export interface UserFace {
  readonly id: string;
  readonly name: string;
}

export interface ChatHead {
  readonly chat: string;
  readonly head: Seq;
  readonly read: Seq;
}

/** The limits in force, told in `welcome`. */
export interface Limits {
  readonly frame_bytes: number;
  readonly text_chars: number;
  readonly frames_per_s: number;
  readonly sends_per_s: number;
  readonly user_sends_per_s: number;
  readonly connections_per_user: number;
  readonly send_budget_bytes: number;
  readonly receipts_live_max: number;
}

export interface Send {
  readonly type: 'send';
  readonly key: string | null;
  readonly text: string | null;
  readonly chat: string | null;
  readonly reply_to: string | null;
}

export interface Edit {
  readonly type: 'edit';
  readonly id: string | null;
  readonly chat: string | null;
  readonly text: string | null;
}

export interface Delete {
  readonly type: 'delete';
  readonly id: string | null;
  readonly chat: string | null;
}

export interface React {
  readonly type: 'react';
  readonly id: string | null;
  readonly chat: string | null;
  readonly emoji: string | null;
}

export interface Unreact {
  readonly type: 'unreact';
  readonly id: string | null;
  readonly chat: string | null;
  readonly emoji: string | null;
}

export interface Typing {
  readonly type: 'typing';
  readonly active: boolean;
  readonly chat: string | null;
}

export interface Receipt {
  readonly type: 'receipt';
  readonly chat: string | null;
  readonly read: Seq | null;
  readonly delivered: Seq | null;
}

export interface Subscribe {
  readonly type: 'subscribe';
  readonly id: string;
  readonly chats: Readonly<Record<string, Seq | null>>;
  readonly epoch: string | null;
  readonly rest: boolean;
}

export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly chats: readonly string[];
}

export interface Authenticate {
  readonly type: 'authenticate';
  readonly token: string;
}

export interface Ping {
  readonly type: 'ping';
  readonly id: string | null;
}

export interface Pong {
  readonly type: 'pong';
  readonly id: string | null;
}

export interface Welcome {
  readonly type: 'welcome';
  readonly connection: string;
  readonly user: UserFace;
  readonly protocol: string;
  readonly epoch: string;
  readonly heartbeat_s: number;
  readonly server_time: string;
  readonly expires_at: string;
  readonly node: string;
  readonly limits: Limits;
  readonly chats: readonly ChatHead[];
  readonly chats_more: boolean;
}

export interface Ack {
  readonly type: 'ack';
  readonly chat: string;
  readonly key: string;
  readonly seq: Seq;
  readonly id: string;
  readonly at: string;
  readonly duplicate: boolean;
}

export interface ErrorFrame {
  readonly type: 'error';
  readonly code: string;
  readonly detail: string;
  readonly advice: string;
  readonly id: string | null;
  readonly chat: string | null;
  readonly key: string | null;
  readonly retry_after_ms: number | null;
}

export interface Synced {
  readonly type: 'synced';
  readonly id: string | null;
  readonly chat: string;
  readonly seq: Seq;
  readonly epoch: string;
}

export interface Reset {
  readonly type: 'reset';
  readonly id: string | null;
  readonly chat: string;
  readonly head: Seq;
  readonly epoch: string;
}

export interface TypingShown {
  readonly type: 'typing';
  readonly chat: string;
  readonly by: string;
  readonly expires_ms: number;
}

export interface ReceiptShown {
  readonly type: 'receipt';
  readonly chat: string;
  readonly by: string;
  readonly delivered: Seq;
  readonly read: Seq;
  readonly read_at: string | null;
}

export interface Presence {
  readonly type: 'presence';
  readonly user: string;
  readonly state: string;
  readonly since: string;
}

export interface Profile {
  readonly type: 'profile';
  readonly user: string;
  readonly name: string;
  readonly avatar_colour: string | null;
  readonly avatar: string | null;
}

export interface TokenExpiring {
  readonly type: 'token_expiring';
  readonly expires_at: string;
}

export interface Authenticated {
  readonly type: 'authenticated';
  readonly user: string;
  readonly expires_at: string;
}

export interface Goodbye {
  readonly type: 'goodbye';
  readonly code: number;
  readonly reason: string;
  readonly reconnect: boolean;
  readonly after_ms: number | null;
}

export interface MessageSent {
  readonly type: 'message_sent';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly id: string;
  readonly key: string;
  readonly text: string | null;
  readonly reply_to: string | null;
  readonly edited_at: string | null;
  readonly deleted: boolean;
}

export interface MessageEdited {
  readonly type: 'message_edited';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly id: string;
  readonly text: string | null;
  readonly deleted: boolean;
}

export interface MessageDeleted {
  readonly type: 'message_deleted';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly id: string;
}

export interface ReactionAdded {
  readonly type: 'reaction_added';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly id: string;
  readonly emoji: string;
}

export interface ReactionRemoved {
  readonly type: 'reaction_removed';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly id: string;
  readonly emoji: string;
}

export interface MessagePinned {
  readonly type: 'message_pinned';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly id: string;
}

export interface MessageUnpinned {
  readonly type: 'message_unpinned';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly id: string;
}

export interface MemberJoined {
  readonly type: 'member_joined';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly user: string;
  readonly role: string;
}

export interface MemberLeft {
  readonly type: 'member_left';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly user: string;
}

export interface MemberChanged {
  readonly type: 'member_changed';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly user: string;
  readonly role: string;
  readonly muted_until: string | null;
}

export interface ChatChanged {
  readonly type: 'chat_changed';
  readonly chat: string;
  readonly seq: Seq;
  readonly at: string;
  readonly by: string;
  readonly title: string | null;
}

/** A durable event of a kind that this version does not know; it has its place in the chat like any other. */
export interface OtherEvent {
  readonly type: 'other_event';
  /** Its type on the wire. */
  readonly kind: string;
  readonly chat: string;
  readonly seq: Seq;
}

/** What a client sends. */
export type ClientFrame =
  | Send
  | Edit
  | Delete
  | React
  | Unreact
  | Typing
  | Receipt
  | Subscribe
  | Unsubscribe
  | Authenticate
  | Ping
  | Pong;

/** What a server sends beside the durable events. */
export type ToldFrame =
  | Welcome
  | Ack
  | ErrorFrame
  | Synced
  | Reset
  | TypingShown
  | ReceiptShown
  | Presence
  | Profile
  | TokenExpiring
  | Authenticated
  | Ping
  | Pong
  | Goodbye;

/** The durable events that this version knows. */
export type EventFrame =
  | MessageSent
  | MessageEdited
  | MessageDeleted
  | ReactionAdded
  | ReactionRemoved
  | MessagePinned
  | MessageUnpinned
  | MemberJoined
  | MemberLeft
  | MemberChanged
  | ChatChanged;

export type AnyEvent = EventFrame | OtherEvent;

export type ServerFrame = ToldFrame | AnyEvent;

/** What fields are where the server leaves them out, by each type that it sends beside the durable events. */
export const TOLD_DEFAULTS: Readonly<Record<ToldFrame['type'], object>> = {
  welcome: {},
  ack: { duplicate: false },
  error: { id: null, chat: null, key: null, retry_after_ms: null },
  synced: {},
  reset: {},
  typing: {},
  receipt: { read_at: null },
  presence: {},
  profile: { avatar_colour: null, avatar: null },
  token_expiring: {},
  authenticated: {},
  ping: { id: null },
  pong: { id: null },
  goodbye: { after_ms: null },
};

/** The same for the durable events. */
export const EVENT_DEFAULTS: Readonly<Record<EventFrame['type'], object>> = {
  message_sent: { text: null, reply_to: null, edited_at: null, deleted: false },
  message_edited: { text: null, deleted: false },
  message_deleted: {},
  reaction_added: {},
  reaction_removed: {},
  message_pinned: {},
  message_unpinned: {},
  member_joined: {},
  member_left: {},
  member_changed: { muted_until: null },
  chat_changed: {},
};
