import { FAILURES } from '@tenfour/client';
import { describe, expect, test } from 'vitest';
import { de } from '../../src/lib/texts/de';
import { refusals } from '../../src/lib/texts/de-refusals';
import { en } from '../../src/lib/texts/en';
import { settings as settingsInGerman } from '../../src/lib/texts/settings-de';
import { settings as settingsInEnglish } from '../../src/lib/texts/settings-en';
import { browserLanguage, currentTag, directionOf, languageOf } from '../../src/lib/texts/index.svelte';
import { pluralIn } from '../../src/lib/texts/plural';

const ENGLISH = { ...en, settings: settingsInEnglish };
const GERMAN = { ...de, settings: settingsInGerman };

/** Every text by its path: `auth.logIn`. */
function textsOf(catalogue: object, path = ''): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries<unknown>({ ...catalogue })) {
    const here = path === '' ? key : `${path}.${key}`;
    const inner: Map<string, unknown> =
      typeof value === 'object' && value !== null ? textsOf(value, here) : new Map([[here, value]]);
    inner.forEach((text, name) => found.set(name, text));
  }
  return found;
}

describe('the catalogues', () => {
  test('have the same texts, and each is a text in one as in the other', () => {
    const english = textsOf(ENGLISH);
    const german = textsOf(GERMAN);

    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [name, text] of english) expect(typeof german.get(name), name).toBe(typeof text);
  });

  test.each([
    ['en', ENGLISH],
    ['de', GERMAN],
  ])('have no empty text and no text with space around it: %s', (_, catalogue) => {
    for (const [name, text] of textsOf(catalogue)) {
      if (typeof text !== 'string') continue;
      expect(text, name).not.toBe('');
      expect(text.trim(), name).toBe(text);
    }
  });

  test('take the same parameters', () => {
    const german = textsOf(GERMAN);

    for (const [name, text] of textsOf(ENGLISH)) {
      const other = german.get(name);
      if (typeof text === 'function' && typeof other === 'function') expect(other.length, name).toBe(text.length);
    }
  });

  test('translate failures that the server knows', () => {
    expect(Object.keys(refusals).filter((code) => !Object.hasOwn(FAILURES, code))).toEqual([]);
    expect(de.refusal('name_taken')).toEqual({ title: 'Der Name ist vergeben.', advice: 'Nimm einen anderen.' });
    expect(de.refusal('no_such_code')).toBeNull();
  });
});

describe('plural', () => {
  test('takes the form of the number, and writes the number as the language does', () => {
    const plural = pluralIn('en');
    const forms = { one: '# message', other: '# messages' };

    expect([0, 1, 2, 1234].map((count) => plural(count, forms))).toEqual([
      '0 messages',
      '1 message',
      '2 messages',
      '1,234 messages',
    ]);
  });

  test('serves languages with more than two forms', () => {
    const plural = pluralIn('pl');
    const forms = { one: '# czat', few: '# czaty', many: '# czatów', other: '# czatu' };

    expect([1, 3, 5, 22].map((count) => plural(count, forms))).toEqual(['1 czat', '3 czaty', '5 czatów', '22 czaty']);
  });
});

describe('the language', () => {
  test('is the first of the browser that there is a catalogue for', () => {
    expect(browserLanguage(['fr-CH', 'de-AT', 'en'])).toBe('de');
    expect(browserLanguage(['fr', 'pt-BR'])).toBe('en');
    expect(languageOf('de-CH')).toBe('de');
    expect(languageOf('deu')).toBeNull();
  });

  test('takes its region from the browser', () => {
    expect(currentTag('en-GB')).toBe('en-GB');
    expect(currentTag('de-AT')).toBe('en');
  });

  test('says which way it is written', () => {
    expect(directionOf('ar-EG')).toBe('rtl');
    expect(directionOf('de')).toBe('ltr');
  });
});
