/** What a screen reader is told of messages that come in: the first by name and text, and when more come within a second, how many. Pure. */
export class Announcing {
  #lastAt = -Infinity;
  #waiting: string[] = [];
  readonly #pauseMs: number;

  constructor(pauseMs = 1000) {
    this.#pauseMs = pauseMs;
  }

  /** Takes a line; returns the moment at which `due` has something to say. */
  add(line: string, now: number): number {
    this.#waiting.push(line);
    return Math.max(now, this.#lastAt + this.#pauseMs);
  }

  /** What is to be said now, if anything. */
  due(now: number, many: (count: number) => string): string | null {
    const [first] = this.#waiting;
    if (first === undefined || now < this.#lastAt + this.#pauseMs) return null;
    const said = this.#waiting.length === 1 ? first : many(this.#waiting.length);
    this.#waiting = [];
    this.#lastAt = now;
    return said;
  }
}
