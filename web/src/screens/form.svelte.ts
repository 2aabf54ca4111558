import { tick } from 'svelte';
import { Problem } from '../lib/api';
import { refusalOf, type Refusal } from '../lib/texts/refusals';

type Errors<Field extends string> = Partial<Record<Field, string>>;

/** A form on its way: what is wrong with which field, and whether an answer is awaited. What was typed is never lost. */
export class Form<Field extends string> {
  busy = $state(false);
  errors: Errors<Field> = $state.raw({});
  /** What belongs to no field. */
  refusal: Refusal | null = $state.raw(null);
  #fieldOf: Readonly<Record<string, Field>>;
  #words: Readonly<Record<string, () => string>>;

  /** `fieldOf` says beside which field a failure belongs, by its code; `words` what it is called there, if not as elsewhere. */
  constructor(fieldOf: Readonly<Record<string, Field>>, words: Readonly<Record<string, () => string>> = {}) {
    this.#fieldOf = fieldOf;
    this.#words = words;
  }

  /** Sends what `check` finds no fault with; true once the server has taken it. Else the focus is on the first field at fault. */
  async submit(event: SubmitEvent, check: () => Errors<Field>, send: () => Promise<void>): Promise<boolean> {
    event.preventDefault();
    const form = event.currentTarget;
    if (this.busy || !(form instanceof HTMLFormElement)) return false;
    this.refusal = null;
    this.errors = check();
    const done = Object.keys(this.errors).length === 0 && (await this.#sent(send));
    if (!done) await focusFirstFault(form);
    return done;
  }

  /** Somebody is putting it right. */
  corrected(field: Field): void {
    if (this.errors[field] === undefined) return;
    this.errors = { ...this.errors, [field]: undefined };
  }

  async #sent(send: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    try {
      await send();
      return true;
    } catch (cause) {
      this.#refused(cause);
      return false;
    } finally {
      this.busy = false;
    }
  }

  #refused(cause: unknown): void {
    const refusal = refusalOf(cause);
    const code = cause instanceof Problem ? cause.code : '';
    const field = this.#fieldOf[code];
    if (field === undefined) {
      this.refusal = refusal;
      return;
    }
    const errors: Errors<Field> = {};
    errors[field] = this.#words[code]?.() ?? `${refusal.title} ${refusal.advice}`;
    this.errors = errors;
  }
}

async function focusFirstFault(form: HTMLFormElement): Promise<void> {
  await tick();
  form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
}
