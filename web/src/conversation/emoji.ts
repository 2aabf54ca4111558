import de from 'emoji-picker-element-data/de/cldr-native/data.json?url';
import en from 'emoji-picker-element-data/en/cldr-native/data.json?url';
import { folded } from '../shell/match';

export interface Emoji {
  readonly emoji: string;
  readonly name: string;
  readonly group: Group;
  /** The same in the five tones of skin, light to dark; empty where there are none. */
  readonly tones: readonly string[];
  /** What it is found by. */
  readonly words: string;
}

export const GROUPS = [
  'smileys',
  'people',
  'animals',
  'food',
  'travel',
  'activities',
  'objects',
  'symbols',
  'flags',
] as const;
export type Group = (typeof GROUPS)[number];

/** As Unicode numbers its groups; 2 are the parts of pictures that nobody types. */
const NUMBERS: Record<number, Group> = {
  0: 'smileys',
  1: 'people',
  3: 'animals',
  4: 'food',
  5: 'travel',
  6: 'activities',
  7: 'objects',
  8: 'symbols',
  9: 'flags',
};
/** Newer pictures are boxes in the fonts of many systems. */
const NEWEST_VERSION = 15;

interface Entry {
  annotation: string;
  emoji: string;
  group: number;
  version: number;
  tags?: string[];
  skins?: { emoji: string; tone: number | number[] }[];
}

const addresses: Record<string, string> = { en, de };
const loaded = new Map<string, Promise<readonly Emoji[]>>();

/** All emoji with their names in a language, from a file that the page brings along. A failed load is tried again by the next call. */
export function loadEmoji(language: string): Promise<readonly Emoji[]> {
  const known = loaded.get(language);
  if (known !== undefined) return known;
  const loading = read(addresses[language] ?? en);
  loaded.set(language, loading);
  loading.catch(() => loaded.delete(language));
  return loading;
}

async function read(address: string): Promise<readonly Emoji[]> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`emoji data: HTTP ${String(response.status)}`);
  const entries = (await response.json()) as Entry[]; // the file's format is the package's
  return entries.flatMap((entry) => emojiOf(entry) ?? []);
}

function emojiOf(entry: Entry): Emoji | null {
  const group = NUMBERS[entry.group];
  if (group === undefined || entry.version > NEWEST_VERSION) return null;
  return {
    emoji: entry.emoji,
    name: entry.annotation,
    group,
    tones: (entry.skins ?? []).filter((skin) => typeof skin.tone === 'number').map((skin) => skin.emoji),
    words: folded([entry.annotation, ...(entry.tags ?? [])].join(' ')),
  };
}

/** Emoji of which each typed word begins a word of the name or a tag. */
export function findEmoji(all: readonly Emoji[], typed: string): readonly Emoji[] {
  const wanted = folded(typed)
    .split(/\s+/)
    .filter((word) => word !== '');
  return all.filter((emoji) => wanted.every((word) => ` ${emoji.words}`.includes(` ${word}`)));
}
