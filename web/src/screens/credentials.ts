import { t } from '../lib/texts/index.svelte';

/*
 * What a form can say of a name and a password before it asks the server, which has the last word. The bounds are
 * the server's, once it has told them.
 */

export interface Bounds {
  readonly name_chars: number;
  readonly password_chars_min: number;
}

const USUAL: Bounds = { name_chars: 64, password_chars_min: 8 };

/** Letters, digits, dots, dashes and underscores of any script. */
const NAME = /^[\p{L}\p{N}._-]+$/u;

export function nameFault(name: string, bounds: Bounds = USUAL): string | undefined {
  const plain = name.normalize('NFKC').trim();
  if (plain === '') return t().auth.nameMissing;
  return NAME.test(plain) && [...plain].length <= bounds.name_chars ? undefined : t().auth.nameShape;
}

export function newPasswordFault(password: string, bounds: Bounds = USUAL): string | undefined {
  if (password === '') return t().auth.passwordMissing;
  if ([...password].length < bounds.password_chars_min) return t().auth.passwordTooShort;
  return undefined;
}

/** Only the faults that there are. */
export function faults<Field extends string>(found: Record<Field, string | undefined>): Partial<Record<Field, string>> {
  const left: Partial<Record<Field, string>> = {};
  for (const field in found) {
    const fault = found[field];
    if (fault !== undefined) left[field] = fault;
  }
  return left;
}
