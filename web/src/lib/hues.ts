/** The ten hues of people, in the order of `[data-hue]` in styles/tokens.css, as the server keeps them. */
export const HUES = [
  '#bf696a',
  '#bb7048',
  '#a97e2c',
  '#7b9040',
  '#429a6c',
  '#009a9b',
  '#2f91bd',
  '#6a83c9',
  '#9674bb',
  '#b56a95',
] as const;

/** The hue of a person: the one that was chosen, else one that follows from the id and so is the same everywhere. */
export function hueOf(id: string, colour: string | null): number {
  const chosen = colour === null ? -1 : nearest(colour);
  return chosen === -1 ? hash(id) % HUES.length : chosen;
}

/** The first letters of a name: "Ada Lovelace" is AL, "ada.lovelace" too. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => word !== '');
  const letters =
    words.length > 1 ? [words[0], words.at(-1)].map((word) => firstOf(word ?? '')) : [firstOf(words[0] ?? name)];
  return letters.join('').toLocaleUpperCase();
}

/** Not a cut through a pair of code units, nor through a letter and its accent. */
function firstOf(word: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word);
  return first?.segment ?? '';
}

/** Colours set by other programs need not be one of the ten: the closest is shown, -1 for what is no colour. */
function nearest(colour: string): number {
  const wanted = rgbOf(colour);
  if (wanted === null) return -1;
  const distances = HUES.map((hue) => distance(rgbOf(hue) ?? wanted, wanted));
  return distances.indexOf(Math.min(...distances));
}

type Rgb = readonly [number, number, number];

function rgbOf(colour: string): Rgb | null {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (found === null) return null;
  const [red, green, blue] = found.slice(1).map((part) => Number.parseInt(part, 16));
  return [red ?? 0, green ?? 0, blue ?? 0];
}

function distance(a: Rgb, b: Rgb): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}

/** FNV-1a, 32 bits: ids made in the same second differ at their end only, and still spread. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}
