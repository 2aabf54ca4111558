/**
 * How many messages by others are unread in one chat: one number, whatever told of them and in whichever order. Pure.
 *
 * The server has counted up to `head`; what came later stands here by its seq. Reading moves `read` forward only,
 * whoever reads: this tab, another one, another device.
 */

/** What the server said of a chat at one moment. */
export interface Counted {
  readonly head: number;
  readonly read: number;
  /** Messages by others from there to `head`, counted to `UNREAD_MAX`. */
  readonly unread: number;
}

/** Messages by others in (after, upTo]; null where that is not known here. */
export type CountBetween = (after: number, upTo: number) => number | null;

export const UNREAD_MAX = 100;

const NOTHING_KNOWN: CountBetween = () => null;

export class Unread {
  #read = 0;
  /** What `#counted` was counted up to. */
  #head = 0;
  #counted = 0;
  /** Messages by others after `#head`, in order. */
  #later: number[] = [];
  /** Positions up to here do not count: what they had read was marked unread. */
  #ignored = 0;
  #isSure = true;

  get read(): number {
    return this.#read;
  }

  get count(): number {
    return Math.min(UNREAD_MAX, this.#counted + this.#later.length);
  }

  /** False where only the server can say the number; ask it, and `take` the answer. */
  get isSure(): boolean {
    return this.#isSure;
  }

  /** Takes what the server has counted; `read` may be older than what is known here. */
  take({ head, read, unread }: Counted, between: CountBetween = NOTHING_KNOWN): void {
    if (head < this.#head) return; // an older answer that was overtaken
    const known = this.#read;
    const isMarked = this.#ignored > 0 && read <= this.#ignored;
    if (isMarked) return;
    this.#ignored = 0;
    this.#head = head;
    this.#counted = unread;
    this.#read = read;
    this.#later = this.#later.filter((seq) => seq > head && seq > read);
    this.#isSure = true;
    if (known > read) this.#advance(known, between);
  }

  /** A message by somebody else was sent. */
  arrived(seq: number): void {
    if (seq <= this.#head || seq <= this.#read) return;
    const last = this.#later.at(-1);
    if (last === undefined || seq > last) this.#later.push(seq);
    else if (!this.#later.includes(seq)) this.#later = [...this.#later, seq].sort((one, other) => one - other);
  }

  /** A message was deleted; whose, and whether it was counted, the server knows. */
  deleted(): void {
    if (this.count > 0) this.#isSure = false;
  }

  /** The server tells that everything up to a seq was read, here or elsewhere. True where that is news. */
  heard(seq: number, between: CountBetween = NOTHING_KNOWN): boolean {
    return seq > this.#ignored && this.readUpTo(seq, between);
  }

  /** Everything up to a seq was read here. True where that is news. */
  readUpTo(seq: number, between: CountBetween = NOTHING_KNOWN): boolean {
    if (seq <= this.#read) return false;
    this.#ignored = 0;
    this.#advance(seq, between);
    return true;
  }

  /** Marks everything from a seq on as unread, here only: positions on the server never go back. */
  markFrom(seq: number, count: number): void {
    this.#ignored = Math.max(this.#ignored, this.#read);
    this.#read = seq - 1;
    this.#head = Math.max(this.#head, this.#later.at(-1) ?? 0);
    this.#counted = count;
    this.#later = [];
    this.#isSure = true;
  }

  /** The history is another one: nothing of what was known counts. */
  reset(): void {
    this.#read = this.#head = this.#counted = this.#ignored = 0;
    this.#later = [];
    this.#isSure = false;
  }

  #advance(seq: number, between: CountBetween): void {
    const from = this.#read;
    this.#read = seq;
    this.#later = this.#later.filter((each) => each > seq);
    if (seq >= this.#head) {
      this.#counted = 0;
      this.#isSure = true;
      return;
    }
    if (this.#counted === 0) return;
    const passed = between(from, seq);
    // A count that stopped at the limit may stand for any larger number.
    if (passed === null || this.#counted >= UNREAD_MAX) this.#isSure = false;
    this.#counted = Math.min(Math.max(0, this.#counted - (passed ?? 0)), this.#head - seq);
  }
}
