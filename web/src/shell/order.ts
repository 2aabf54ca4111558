/** Where a row stood when the pointer or the focus came to it. */
export interface Held {
  readonly id: string;
  readonly index: number;
}

/**
 * The rows in their new order, but each held one where it stood: a click never lands on a row that slid under the
 * pointer, and the focus never jumps.
 */
export function holdPlaces<T extends { readonly id: string }>(rows: readonly T[], held: readonly Held[]): readonly T[] {
  const kept = held
    .filter((place, at) => held.findIndex((other) => other.id === place.id) === at)
    .flatMap((place) => {
      const row = rows.find((one) => one.id === place.id);
      return row === undefined ? [] : [{ row, index: place.index }];
    })
    .sort((one, other) => one.index - other.index);
  if (kept.length === 0) return rows;

  const order = rows.filter((row) => !kept.some((place) => place.row === row));
  for (const { row, index } of kept) order.splice(Math.min(index, order.length), 0, row);
  return order;
}
