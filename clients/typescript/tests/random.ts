/** Random numbers that a seed decides: a run that fails can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** In [0, 1); mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  oneOf<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length - 1)];
    if (value === undefined) throw new RangeError('nothing to choose from');
    return value;
  }
}

/** Something that may happen in a walk, and whether it can now. */
export interface Rule {
  can?(): boolean;
  act(random: Random): void;
}

/** Does so many steps by rules that are drawn by the seed, and looks at the invariants after each. */
export function walk(seed: number, steps: number, rules: readonly Rule[], invariants: () => void): void {
  const random = new Random(seed);
  for (let step = 0; step < steps; step += 1) {
    random.oneOf(rules.filter((rule) => rule.can?.() ?? true)).act(random);
    invariants();
  }
}

export const seeds = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
