import { refusalOf } from '../lib/texts/refusals';

/** In a sentence or two, in the reader's language: what the server said when it said no, or that nobody answered. */
export function whyOf(cause: unknown): string {
  const { title, advice } = refusalOf(cause);
  return `${title} ${advice}`;
}
