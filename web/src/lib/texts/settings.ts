import { currentLanguage, type Language } from './index.svelte';
import { settings as de } from './settings-de';
import { settings as en } from './settings-en';

export type SettingsTexts = typeof en;

const catalogues: Record<Language, SettingsTexts> = { en, de };

/** The texts of the settings, which are loaded with their screens: no part of the first load. */
export function settingsTexts(): SettingsTexts {
  return catalogues[currentLanguage()];
}
