// Made from src/tenfour/errors.py by `make docs`. Do not edit.

import type { Retry } from './errors.js';

/** The codes with which a server closes; what each means is in docs/reference/errors.md. */
export type CloseCode =
  | 1001
  | 1002
  | 1003
  | 1007
  | 1009
  | 1012
  | 4400
  | 4401
  | 4403
  | 4404
  | 4408
  | 4409
  | 4410
  | 4429
  | 4500
  | 4503;

/** For a close frame whose reason was lost on the way: whether it says no. All other codes come back after a delay. */
export const RETRY_BY_CLOSE_CODE: Readonly<Partial<Record<number, Retry>>> = {
  4400: 'never',
  4401: 'with_new_token',
  4403: 'never',
  4404: 'never',
  4409: 'never',
};
