/** The TypeScript SDK of Tenfour. */

export { Chat, type EventsOptions, type HistoryOptions, type SendOptions } from './chat';
export { Client, ClientClosed, type ClientOptions } from './client';
export type { Clock } from './clock';
export type { Status } from './connection';
export type { TokenSource } from './credentials';
export type { Cut, TimeLimit } from './cuts';
export { failureOf, isErrorCode, TenfourError } from './errors';
export type { Events, Item } from './events';
export type { HistoryReplaced } from './feed';
export type { CloseCode } from './generated/closing';
export { FAILURES, type ErrorCode, type Failure, type Retry } from './generated/errors';
export type * from './generated/frames';
export { newId } from './ids';
export type { KeptEntry, Keeping } from './keeping';
export { Log, type LogLevel, type LogLevels } from './log';
export type { Entry } from './outbox';
export { ConnectionError, type HistoryPage } from './rest';
export { Singles, SINGLES_MAX, type SinglesOptions } from './singles';
export { PROTOCOL, type WebSocketConstructor, type WebSocketLike } from './transport';
