/** A row as the layout knows it. */
export interface Keyed {
  readonly key: string;
}

/** The rows from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Where each row of the list stands: by its measured height, or by a guess until it has been on screen. Heights belong to keys, not to places,
 * so rows may come and go at both ends and in the middle in one step.
 */
export class Layout<R extends Keyed> {
  #rows: readonly R[] = [];
  #places = new Map<string, number>();
  #heights = new Map<string, number>();
  #tops: Float64Array = new Float64Array(1);
  readonly #guess: (row: R) => number;

  constructor(guess: (row: R) => number) {
    this.#guess = guess;
  }

  get rows(): readonly R[] {
    return this.#rows;
  }

  get total(): number {
    return this.#tops[this.#rows.length] ?? 0;
  }

  /** Lays out these rows instead of the former ones. */
  place(rows: readonly R[]): void {
    this.#rows = rows;
    this.#places = new Map(rows.map((row, place) => [row.key, place]));
    if (this.#heights.size > 2 * rows.length + 200) this.#forget();
    this.#lay();
  }

  /** Takes heights as they are on screen; tells whether any is news. */
  measure(heights: Iterable<readonly [string, number]>): boolean {
    let news = false;
    for (const [key, height] of heights) {
      if (this.#heights.get(key) === height) continue;
      this.#heights.set(key, height);
      news = true;
    }
    if (news) this.#lay();
    return news;
  }

  placeOf(key: string): number | undefined {
    return this.#places.get(key);
  }

  /** The row's distance from the start of the list; beyond the last row: the height of it all. */
  top(place: number): number {
    return this.#tops[Math.min(place, this.#rows.length)] ?? 0;
  }

  height(place: number): number {
    return this.top(place + 1) - this.top(place);
  }

  /** The place of the row that covers this distance from the start. */
  at(offset: number): number {
    let low = 0;
    let high = this.#rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  /** The rows that touch the stretch between two distances from the start. */
  between(from: number, to: number): Range {
    if (this.#rows.length === 0) return { start: 0, end: 0 };
    return { start: this.at(from), end: this.at(to) + 1 };
  }

  #lay(): void {
    const tops = new Float64Array(this.#rows.length + 1);
    let top = 0;
    this.#rows.forEach((row, place) => {
      tops[place] = top;
      top += this.#heights.get(row.key) ?? this.#guess(row);
    });
    tops[this.#rows.length] = top;
    this.#tops = tops;
  }

  #forget(): void {
    for (const key of this.#heights.keys()) if (!this.#places.has(key)) this.#heights.delete(key);
  }
}
