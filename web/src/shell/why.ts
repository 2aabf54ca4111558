import { Problem } from '../lib/api';
import type { Texts } from '../lib/texts/index.svelte';

/** In a sentence or two: what the server said when it said no, or that nobody answered. */
export function whyOf(cause: unknown, texts: Texts): string {
  return cause instanceof Problem ? `${cause.detail} ${cause.advice}` : texts.errors.unreachableText;
}
