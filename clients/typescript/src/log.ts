/** Lines on the console: an area, a fixed name, then facts. Never a token, never a message's text. */

export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug';

/** How much is told of the connection (`[WebSocket]`) and of what the client keeps (`[WebSocketStore]`). */
export interface LogLevels {
  readonly connection?: LogLevel;
  readonly store?: LogLevel;
}

const LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug'];

export class Log {
  level: LogLevel;
  readonly #area: string;

  constructor(area: string, level: LogLevel = 'warn') {
    this.#area = area;
    this.level = level;
  }

  /** `more`: facts, and the error that belongs to them. */
  say(level: Exclude<LogLevel, 'off'>, name: string, ...more: unknown[]): void {
    if (LEVELS.indexOf(level) <= LEVELS.indexOf(this.level)) console[level](`[${this.#area}] ${name}`, ...more);
  }
}
