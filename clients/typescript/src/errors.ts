import { FAILURES, type ErrorCode, type Failure, type Retry } from './generated/errors.js';

/** The row of a code; null for one that this version does not know. */
export function failureOf(code: string): Failure | null {
  return isErrorCode(code) ? FAILURES[code] : null;
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(FAILURES, code);
}

export interface FailureFacts {
  readonly detail?: string;
  readonly advice?: string;
  readonly retryAfterMs?: number | null;
}

/** A failure of the catalogue on its way to the person who caused it. */
export class TenfourError extends Error {
  readonly code: ErrorCode;
  /** What is particular about this case. */
  readonly detail: string;
  /** What to do about it; empty where neither the server nor the catalogue said so. */
  readonly advice: string;
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, { detail = '', advice = '', retryAfterMs = null }: FailureFacts = {}) {
    const failure = FAILURES[code];
    const said = detail || `${failure.title ?? code}.`;
    super(`${code}: ${said}`);
    this.name = 'TenfourError';
    this.code = code;
    this.detail = said;
    this.advice = advice || (failure.advice ?? '');
    this.retryAfterMs = retryAfterMs;
  }

  get retry(): Retry {
    return FAILURES[this.code].retry;
  }
}

/** The error of a code that the server named; one that this version does not know is `internal` and named in the detail. */
export function errorOf(code: string, facts: FailureFacts = {}): TenfourError {
  return isErrorCode(code)
    ? new TenfourError(code, facts)
    : new TenfourError('internal', { ...facts, detail: `${code}: ${facts.detail ?? ''}` });
}
