/** The TypeScript SDK of Tenfour. */

export { Chat, type EventsOptions, type HistoryOptions, type SendOptions } from './chat.js';
export { Client, ClientClosed, type ClientOptions } from './client.js';
export type { Clock } from './clock.js';
export type { Status } from './connection.js';
export type { TokenSource } from './credentials.js';
export type { Cut, TimeLimit } from './cuts.js';
export { failureOf, isErrorCode, TenfourError } from './errors.js';
export type { Events, Item } from './events.js';
export type { HistoryReplaced } from './feed.js';
export type { CloseCode } from './generated/closing.js';
export { FAILURES, type ErrorCode, type Failure, type Retry } from './generated/errors.js';
export type * from './generated/frames.js';
export { newId } from './ids.js';
export type { KeptEntry, Keeping } from './keeping.js';
export { Log, type LogLevel, type LogLevels } from './log.js';
export type { Entry } from './outbox.js';
export { ConnectionError, type HistoryPage } from './rest.js';
export { Singles, SINGLES_MAX, type SinglesOptions } from './singles.js';
export { PROTOCOL, type WebSocketConstructor, type WebSocketLike } from './transport.js';
