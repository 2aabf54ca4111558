/** Lower case and without accents: who types `jose` finds José. */
export function folded(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
}

/** How well a name fits what was typed: 3 begins with it, 2 a word does, 1 holds it, 0 not at all. */
export function fit(name: string, typed: string): 0 | 1 | 2 | 3 {
  const wanted = folded(typed).trim();
  const given = folded(name);
  if (wanted === '' || given.startsWith(wanted)) return 3;
  if (given.split(/[\s\-_.·]+/).some((word) => word.startsWith(wanted))) return 2;
  return given.includes(wanted) ? 1 : 0;
}

/** The items whose name fits, the best first, otherwise in their own order. */
export function fitting<T>(items: readonly T[], typed: string, name: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, rank: fit(name(item), typed) }))
    .filter(({ rank }) => rank > 0)
    .sort((one, other) => other.rank - one.rank)
    .map(({ item }) => item);
}
