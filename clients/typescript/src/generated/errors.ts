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

/** A row of the catalogue. The texts are here where no frame and no answer brings them. */
export interface Failure {
  readonly close: number;
  readonly retry: Retry;
  readonly title?: string;
  readonly advice?: string;
}

/** The catalogue of failures. */
export const FAILURES: Readonly<Record<ErrorCode, Failure>> = {
  malformed: { close: 4400, retry: 'never' },
  unknown_type: { close: 4400, retry: 'never' },
  field_missing: { close: 4400, retry: 'never' },
  field_invalid: { close: 4400, retry: 'never' },
  key_missing: { close: 4400, retry: 'never' },
  key_invalid: { close: 4400, retry: 'never' },
  key_reused: {
    close: 4400,
    retry: 'never',
    title: 'This key was already used for another content',
    advice: 'Make a new key for a new message; use an old key only to send the same message again.',
  },
  text_empty: { close: 4400, retry: 'never' },
  text_too_long: {
    close: 4400,
    retry: 'never',
    title: 'The text is too long',
    advice: 'Shorten the text; the limit is in limits.text_chars of the welcome.',
  },
  text_invalid: { close: 4400, retry: 'never' },
  reply_unknown: { close: 4400, retry: 'never' },
  chat_id_invalid: {
    close: 4404,
    retry: 'never',
    title: 'The chat id is not a UUID',
    advice: 'Use the id that the chat list gives, for example 01890a5d-ac96-774b-bcce-b302099a8057.',
  },
  chat_missing: { close: 4400, retry: 'never' },
  too_many_bad_frames: {
    close: 4400,
    retry: 'never',
    title: 'Ten frames in a minute could not be understood',
    advice: 'Correct the client: each of the frames got its own error.',
  },
  binary_frame: {
    close: 1003,
    retry: 'never',
    title: 'Binary frames are not part of the protocol',
    advice: 'Send JSON in text frames.',
  },
  invalid_utf8: {
    close: 1007,
    retry: 'never',
    title: 'The text is not valid UTF-8',
    advice: 'Encode the text as UTF-8.',
  },
  frame_too_large: {
    close: 1009,
    retry: 'never',
    title: 'The frame is larger than the server takes',
    advice: 'Send smaller frames; the limit is in limits.frame_bytes of the welcome.',
  },
  protocol_error: {
    close: 1002,
    retry: 'never',
    title: 'The WebSocket protocol was broken',
    advice: 'Use a WebSocket library that follows RFC 6455.',
  },
  not_supported: { close: 4400, retry: 'never' },
  picture_invalid: { close: 4400, retry: 'never' },
  token_missing: {
    close: 4401,
    retry: 'with_new_token',
    title: 'No token came',
    advice: 'Log in and send the access token: Authorization header, subprotocol, ticket or first frame.',
  },
  token_malformed: {
    close: 4401,
    retry: 'with_new_token',
    title: 'The token is not a JWT',
    advice: 'Send the access token whole: three base64url parts joined by dots.',
  },
  token_algorithm: {
    close: 4401,
    retry: 'never',
    title: 'The token is signed with an algorithm that its key does not allow',
    advice: "Sign with the algorithm that the server's settings name for this key.",
  },
  token_key_unknown: {
    close: 4401,
    retry: 'with_new_token',
    title: 'The token names a key that the server does not know',
    advice: 'Log in again; for own tokens check kid, JWKS URL and issuer in the settings.',
  },
  token_signature: {
    close: 4401,
    retry: 'with_new_token',
    title: "The token's signature does not fit",
    advice: 'Log in again; for own tokens check that both sides use the same key.',
  },
  token_expired: {
    close: 4401,
    retry: 'with_new_token',
    title: 'The token has expired',
    advice: 'Get a new token; if it is new, compare both clocks.',
  },
  token_not_yet_valid: {
    close: 4401,
    retry: 'after_delay',
    title: 'The token is not valid yet',
    advice: "Compare the clock of the token's issuer with the server's.",
  },
  token_no_expiry: {
    close: 4401,
    retry: 'never',
    title: 'The token has no expiry',
    advice: 'Make tokens with an exp claim; 15 minutes is a good life.',
  },
  token_audience: {
    close: 4401,
    retry: 'never',
    title: 'The token is for another audience',
    advice: "Set aud to what the server's settings expect.",
  },
  token_issuer: {
    close: 4401,
    retry: 'never',
    title: "The token's issuer is not one that the server trusts",
    advice: "Set iss to what the server's settings expect.",
  },
  token_claims: {
    close: 4401,
    retry: 'never',
    title: 'A claim of the token is missing or has a wrong type',
    advice: 'Correct the claim that the detail names.',
  },
  token_revoked: {
    close: 4401,
    retry: 'never',
    title: 'The session of this token was ended',
    advice: 'Log in again.',
  },
  token_other_user: {
    close: 4401,
    retry: 'never',
    title: 'The new token belongs to another user than the connection',
    advice: 'Open a new connection for another user.',
  },
  tokens_differ: {
    close: 4401,
    retry: 'never',
    title: 'Two different tokens came in one request',
    advice: 'Send the token in one place only.',
  },
  token_query_off: {
    close: 4401,
    retry: 'never',
    title: 'Tokens in the address are switched off here',
    advice: 'Use the Authorization header, the subprotocol or a ticket.',
  },
  ticket_invalid: {
    close: 4401,
    retry: 'with_new_token',
    title: 'The ticket is unknown, used or older than 30 seconds',
    advice: 'Get a new ticket by POST /api/v1/ws-tickets for each connection.',
  },
  subprotocol_missing: {
    close: 4400,
    retry: 'never',
    title: 'A bearer subprotocol came without tenfour.v1',
    advice: 'Offer tenfour.v1 beside tenfour.bearer.<token>.',
  },
  origin_refused: {
    close: 4403,
    retry: 'never',
    title: 'Pages of this origin may not use the server',
    advice: "Add the origin to allowed_origins in the server's settings.",
  },
  user_disabled: {
    close: 4401,
    retry: 'never',
    title: 'The account is disabled',
    advice: 'Ask an administrator.',
  },
  login_failed: { close: 4401, retry: 'never' },
  refresh_invalid: { close: 4401, retry: 'never' },
  refresh_reused: { close: 4401, retry: 'never' },
  setup_done: { close: 4400, retry: 'never' },
  setup_link_invalid: { close: 4400, retry: 'never' },
  registration_closed: { close: 4400, retry: 'never' },
  invite_invalid: { close: 4400, retry: 'never' },
  name_taken: { close: 4400, retry: 'never' },
  name_invalid: { close: 4400, retry: 'never' },
  password_weak: { close: 4400, retry: 'never' },
  server_key_scope: { close: 4403, retry: 'never' },
  not_a_member: {
    close: 4403,
    retry: 'never',
    title: 'Not a member of this chat',
    advice: 'Ask a member to add you.',
  },
  removed_from_chat: {
    close: 4403,
    retry: 'never',
    title: 'You left or were removed from this chat',
    advice: 'Ask a member to add you again.',
  },
  chat_unknown: {
    close: 4404,
    retry: 'never',
    title: 'No such chat',
    advice: 'Check the id against the chat list.',
  },
  message_unknown: { close: 4404, retry: 'never' },
  user_unknown: { close: 4404, retry: 'never' },
  session_unknown: { close: 4404, retry: 'never' },
  server_key_unknown: { close: 4404, retry: 'never' },
  not_found: {
    close: 4404,
    retry: 'never',
    title: 'Nothing is at this address',
    advice: 'Check the path; the API begins at /api/v1.',
  },
  method_not_allowed: { close: 4400, retry: 'never' },
  media_type: { close: 4400, retry: 'never' },
  forbidden: { close: 4403, retry: 'never' },
  read_only: { close: 4403, retry: 'never' },
  muted: { close: 4403, retry: 'after_delay' },
  last_owner: { close: 4400, retry: 'never' },
  direct_chat_fixed: { close: 4400, retry: 'never' },
  chat_full: { close: 4400, retry: 'never' },
  conflict: { close: 4400, retry: 'never' },
  not_subscribed: {
    close: 4400,
    retry: 'never',
    title: 'The chat is not subscribed on this connection',
    advice: 'Send subscribe first.',
  },
  rate_limited: {
    close: 4429,
    retry: 'after_delay',
    title: 'Too much in too short a time',
    advice: 'Wait as long as retry_after_ms or Retry-After says.',
  },
  too_many_attempts: { close: 4429, retry: 'after_delay' },
  too_many_connections: {
    close: 4429,
    retry: 'after_delay',
    title: 'Too many connections from one address',
    advice: 'Close connections that are not needed, or raise the limit in the settings.',
  },
  too_many_subscriptions: { close: 4400, retry: 'never' },
  body_too_large: { close: 1009, retry: 'never' },
  headers_too_large: { close: 1009, retry: 'never' },
  request_malformed: { close: 4400, retry: 'never' },
  request_timeout: { close: 4400, retry: 'after_delay' },
  slow_reader: {
    close: 4408,
    retry: 'after_delay',
    title: 'The client reads more slowly than the chat speaks',
    advice: 'Connect again and resume; subscribe to fewer chats on a slow line.',
  },
  heartbeat_missed: {
    close: 4410,
    retry: 'at_once',
    title: 'Nothing came from the client for too long',
    advice: 'Connect again and resume; a proxy or a sleeping machine may have held the line.',
  },
  replaced: {
    close: 4409,
    retry: 'never',
    title: "A newer connection of the same user took this one's place",
    advice: 'Close connections that are not needed.',
  },
  echo_time_over: { close: 4408, retry: 'after_delay' },
  upgrade_required: {
    close: 4400,
    retry: 'never',
    title: 'This address speaks WebSocket and no upgrade arrived',
    advice: 'Let every proxy on the way pass the Upgrade and Connection headers over HTTP/1.1.',
  },
  busy: {
    close: 4503,
    retry: 'after_delay',
    title: 'The server has as much to write as it can hold',
    advice: 'Send it again with the same key after retry_after_ms.',
  },
  store_down: {
    close: 4503,
    retry: 'after_delay',
    title: 'The server cannot write at the moment',
    advice: 'Send it again with the same key after retry_after_ms.',
  },
  outcome_unknown: { close: 4503, retry: 'after_delay' },
  draining: {
    close: 4503,
    retry: 'after_delay',
    title: 'The server is about to stop',
    advice: 'Connect again after the given time.',
  },
  restart: {
    close: 1012,
    retry: 'after_delay',
    title: 'The server restarts',
    advice: 'Connect again after the given time.',
  },
  leaving: {
    close: 1001,
    retry: 'at_once',
    title: 'The other side leaves',
    advice: 'Connect again when you are back.',
  },
  internal: {
    close: 4500,
    retry: 'after_delay',
    title: 'The server made a mistake',
    advice: 'Report the reference to the administrator: the log has the rest.',
  },
};
