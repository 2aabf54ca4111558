/** Lines on the console: an area, a fixed name, then facts. Never a token, never a message's text. */

export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug';

/** How much is told of the connection (`[WebSocket]`) and of what the client keeps (`[WebSocketStore]`). */
export interface LogLevels {
  readonly connection?: LogLevel;
  readonly store?: LogLevel;
}

export type Facts = Readonly<Record<string, string | number | boolean | null>>;

const LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug'];

export class Log {
  level: LogLevel;
  readonly #area: string;

  constructor(area: string, level: LogLevel = 'warn') {
    this.#area = area;
    this.level = level;
  }

  /** `cause` is an error that belongs to the line. */
  say(level: Exclude<LogLevel, 'off'>, name: string, facts: Facts = {}, ...cause: unknown[]): void {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.level)) return;
    const told = Object.entries(facts).map(([fact, value]) => ` ${fact}=${shown(value)}`);
    console[level](`[${this.#area}] ${name}${told.join('')}`, ...cause);
  }
}

function shown(value: Facts[string]): string {
  const text = String(typeof value === 'number' ? Math.round(value) : value);
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text);
}
