import { failureOf } from '@tenfour/client';
import { Problem, Unreachable } from '../api';
import { t } from './index.svelte';

/** A failure in words: what happened, and what to do about it. */
export interface Refusal {
  title: string;
  advice: string;
}

/** What went wrong, in the reader's language. What is neither a refusal nor a lack of an answer is a bug, and is thrown on. */
export function refusalOf(cause: unknown): Refusal {
  if (cause instanceof Problem) {
    return t().refusal(cause.code) ?? { title: cause.detail, advice: adviceOf(cause) };
  }
  if (cause instanceof Unreachable) return { title: t().errors.unreachableTitle, advice: t().errors.unreachableText };
  throw cause;
}

/** Of a failure of which only the code is known: a session that was ended, a connection that was refused. */
export function refusalOfCode(code: string): Refusal {
  const said = t().refusal(code);
  if (said !== null) return said;
  const failure = failureOf(code);
  return {
    title: failure?.title === undefined ? t().errors.internalTitle : `${failure.title}.`,
    advice: failure?.advice ?? code,
  };
}

/** How long to wait, where the server says so: that is what helps. */
function adviceOf(problem: Problem): string {
  const wait = problem.retryAfterMs;
  if (wait === null) return problem.advice;
  const seconds = Math.ceil(wait / 1000);
  return seconds < 90 ? t().auth.waitSeconds(seconds) : t().auth.waitMinutes(Math.ceil(seconds / 60));
}
