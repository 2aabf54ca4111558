import { en } from './en';

/** A catalogue: English says which texts there are, every other language has the same. */
export type Texts = typeof en;

/** The languages, each by its own name. */
export const LANGUAGES = [
  { value: 'en', label: 'English' },
  { value: 'de', label: 'Deutsch' },
] as const;
export type Language = (typeof LANGUAGES)[number]['value'];

/** English is in the first load; the others come when they are asked for. */
const loaders: Record<Exclude<Language, 'en'>, () => Promise<Texts>> = {
  de: async () => (await import('./de')).de,
};

/** The browser's own, such as en-GB. */
const LOCALE = new Intl.DateTimeFormat().resolvedOptions().locale;

const RIGHT_TO_LEFT = new Set(['ar', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi']);

let language = $state<Language>('en');
let texts = $state.raw<Texts>(en);
let wanted: Language = 'en';

/** The texts in the reader's language. Read it where it is shown, so that a change of language shows at once. */
export function t(): Texts {
  return texts;
}

/** The language that is shown. */
export function currentLanguage(): Language {
  return language;
}

/** The same for Intl: with the browser's region where it has one, which decides between 2:05 PM and 14:05. */
export function currentTag(ofBrowser: string = LOCALE): string {
  return languageOf(ofBrowser) === language ? ofBrowser : language;
}

/** The first language of the browser's list that there is a catalogue for. */
export function browserLanguage(preferred: readonly string[] = navigator.languages): Language {
  for (const tag of preferred) {
    const found = languageOf(tag);
    if (found !== null) return found;
  }
  return 'en';
}

/** The catalogue for a tag such as `de-AT`; null where there is none. */
export function languageOf(tag: string): Language | null {
  const base = tag.split('-', 1)[0];
  return LANGUAGES.find(({ value }) => value === base)?.value ?? null;
}

/** Which way a language is written. */
export function directionOf(tag: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(tag.split('-', 1)[0] ?? '') ? 'rtl' : 'ltr';
}

/** Shows the client in another language. A catalogue that cannot be loaded rejects, and the old language stays. */
export async function speak(next: Language): Promise<void> {
  wanted = next;
  const found = next === 'en' ? en : await loaders[next]();
  // Somebody may have chosen again while this one was on its way.
  if (wanted !== next) return;
  language = next;
  texts = found;
  document.documentElement.lang = next;
  document.documentElement.dir = directionOf(next);
}
