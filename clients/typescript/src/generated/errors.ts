// Made from src/tenfour/errors.py by `make docs`. Do not edit.

/** The name of a failure; what each means is in docs/reference/errors.md. */
export type ErrorCode =
  | 'malformed'
  | 'unknown_type'
  | 'field_missing'
  | 'field_invalid'
  | 'key_missing'
  | 'key_invalid'
  | 'key_reused'
  | 'text_empty'
  | 'text_too_long'
  | 'text_invalid'
  | 'reply_unknown'
  | 'chat_id_invalid'
  | 'chat_missing'
  | 'too_many_bad_frames'
  | 'binary_frame'
  | 'invalid_utf8'
  | 'frame_too_large'
  | 'protocol_error'
  | 'not_supported'
  | 'picture_invalid'
  | 'token_missing'
  | 'token_malformed'
  | 'token_algorithm'
  | 'token_key_unknown'
  | 'token_signature'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_no_expiry'
  | 'token_audience'
  | 'token_issuer'
  | 'token_claims'
  | 'token_revoked'
  | 'token_other_user'
  | 'tokens_differ'
  | 'token_query_off'
  | 'ticket_invalid'
  | 'subprotocol_missing'
  | 'origin_refused'
  | 'user_disabled'
  | 'login_failed'
  | 'refresh_invalid'
  | 'refresh_reused'
  | 'setup_done'
  | 'setup_link_invalid'
  | 'registration_closed'
  | 'invite_invalid'
  | 'name_taken'
  | 'name_invalid'
  | 'password_weak'
  | 'server_key_scope'
  | 'not_a_member'
  | 'removed_from_chat'
  | 'chat_unknown'
  | 'message_unknown'
  | 'user_unknown'
  | 'session_unknown'
  | 'server_key_unknown'
  | 'not_found'
  | 'method_not_allowed'
  | 'media_type'
  | 'forbidden'
  | 'read_only'
  | 'muted'
  | 'last_owner'
  | 'direct_chat_fixed'
  | 'chat_full'
  | 'conflict'
  | 'not_subscribed'
  | 'rate_limited'
  | 'too_many_attempts'
  | 'too_many_connections'
  | 'too_many_subscriptions'
  | 'body_too_large'
  | 'headers_too_large'
  | 'request_malformed'
  | 'request_timeout'
  | 'slow_reader'
  | 'heartbeat_missed'
  | 'replaced'
  | 'echo_time_over'
  | 'upgrade_required'
  | 'busy'
  | 'store_down'
  | 'outcome_unknown'
  | 'draining'
  | 'restart'
  | 'leaving'
  | 'internal';

/** What may be done with a refusal. */
export type Retry = 'never' | 'after_delay' | 'with_new_token' | 'at_once';

/** A row of the catalogue. The texts are here of what the SDK says by itself: with all others come the server's. */
export interface Failure {
  readonly retry: Retry;
  readonly title?: string;
  readonly advice?: string;
}

const never: Failure = { retry: 'never' };
const afterDelay: Failure = { retry: 'after_delay' };
const withNewToken: Failure = { retry: 'with_new_token' };
const atOnce: Failure = { retry: 'at_once' };

/** The catalogue of failures. */
export const FAILURES: Readonly<Record<ErrorCode, Failure>> = {
  malformed: never,
  unknown_type: never,
  field_missing: never,
  field_invalid: never,
  key_missing: never,
  key_invalid: never,
  key_reused: {
    retry: 'never',
    title: 'This key was already used for another content',
    advice: 'Make a new key for a new message; use an old key only to send the same message again.',
  },
  text_empty: never,
  text_too_long: {
    retry: 'never',
    title: 'The text is too long',
    advice: 'Shorten the text; the limit is in limits.text_chars of the welcome.',
  },
  text_invalid: never,
  reply_unknown: never,
  chat_id_invalid: {
    retry: 'never',
    title: 'The chat id is not a UUID',
    advice: 'Use the id that the chat list gives, for example 01890a5d-ac96-774b-bcce-b302099a8057.',
  },
  chat_missing: never,
  too_many_bad_frames: never,
  binary_frame: never,
  invalid_utf8: never,
  frame_too_large: never,
  protocol_error: never,
  not_supported: never,
  picture_invalid: never,
  token_missing: withNewToken,
  token_malformed: withNewToken,
  token_algorithm: never,
  token_key_unknown: withNewToken,
  token_signature: withNewToken,
  token_expired: withNewToken,
  token_not_yet_valid: afterDelay,
  token_no_expiry: never,
  token_audience: never,
  token_issuer: never,
  token_claims: never,
  token_revoked: never,
  token_other_user: never,
  tokens_differ: never,
  token_query_off: never,
  ticket_invalid: withNewToken,
  subprotocol_missing: never,
  origin_refused: never,
  user_disabled: never,
  login_failed: never,
  refresh_invalid: never,
  refresh_reused: never,
  setup_done: never,
  setup_link_invalid: never,
  registration_closed: never,
  invite_invalid: never,
  name_taken: never,
  name_invalid: never,
  password_weak: never,
  server_key_scope: never,
  not_a_member: never,
  removed_from_chat: {
    retry: 'never',
    title: 'You left or were removed from this chat',
    advice: 'Ask a member to add you again.',
  },
  chat_unknown: never,
  message_unknown: never,
  user_unknown: never,
  session_unknown: never,
  server_key_unknown: never,
  not_found: never,
  method_not_allowed: never,
  media_type: never,
  forbidden: never,
  read_only: never,
  muted: afterDelay,
  last_owner: never,
  direct_chat_fixed: never,
  chat_full: never,
  conflict: never,
  not_subscribed: {
    retry: 'never',
    title: 'The chat is not subscribed on this connection',
    advice: 'Send subscribe first.',
  },
  rate_limited: afterDelay,
  too_many_attempts: afterDelay,
  too_many_connections: afterDelay,
  too_many_subscriptions: never,
  body_too_large: never,
  headers_too_large: never,
  request_malformed: never,
  request_timeout: afterDelay,
  slow_reader: afterDelay,
  heartbeat_missed: atOnce,
  replaced: never,
  echo_time_over: afterDelay,
  upgrade_required: never,
  busy: {
    retry: 'after_delay',
    title: 'The server has as much to write as it can hold',
    advice: 'Send it again with the same key after retry_after_ms.',
  },
  store_down: afterDelay,
  outcome_unknown: afterDelay,
  draining: afterDelay,
  restart: afterDelay,
  leaving: atOnce,
  internal: afterDelay,
};
