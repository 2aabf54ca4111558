import { admin as de } from './admin-de';
import { admin as en } from './admin-en';
import { currentLanguage, type Language } from './index.svelte';

export type AdminTexts = typeof en;

const catalogues: Record<Language, AdminTexts> = { en, de };

/** The texts of the admin page, which are loaded with it: no part of the first load. */
export function adminTexts(): AdminTexts {
  return catalogues[currentLanguage()];
}
