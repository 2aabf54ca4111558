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

let degreesOfHues: readonly number[] | undefined;

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

/** Colours set by other programs need not be one of the ten: the closest by hue is shown, -1 for a grey or what is no colour. */
function nearest(colour: string): number {
  const wanted = degreesOf(colour);
  if (wanted === null) return -1;
  degreesOfHues ??= HUES.map((hue) => degreesOf(hue) ?? 0);
  const distances = degreesOfHues.map((degrees) => apart(degrees, wanted));
  return distances.indexOf(Math.min(...distances));
}

/** Where a colour stands on the wheel; null where it stands nowhere. */
function degreesOf(colour: string): number | null {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (found === null) return null;
  const [red = 0, green = 0, blue = 0] = found.slice(1).map((part) => Number.parseInt(part, 16));
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range < 16) return null;
  if (most === red) return (60 * (green - blue)) / range;
  return most === green ? 120 + (60 * (blue - red)) / range : 240 + (60 * (red - green)) / range;
}

function apart(one: number, other: number): number {
  const distance = Math.abs(one - other) % 360;
  return Math.min(distance, 360 - distance);
}

/** FNV-1a, 32 bits: ids made in the same second differ at their end only, and still spread. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}
