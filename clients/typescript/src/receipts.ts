/** Receipts on their way: the highest of each chat, at most one a second and chat. Pure. */

import type { Receipt, Seq } from './generated/frames.js';

const PAUSE_MS = 1_000;
/** Chats whose receipts go out within one second; the others follow in the next. */
const AT_ONCE_MAX = 10;
/** What was told so shortly before a connection was lost may not have been stored. */
const UNSURE_MS = 5_000;

interface Mark {
  delivered: Seq;
  read: Seq;
  toldAt: number;
}

/** What the user has got and read, by chat. */
export class Receipts {
  readonly #marks = new Map<string, Mark>();
  readonly #due = new Map<string, Mark>();
  #nextAt = -Infinity;

  note(chat: string, { delivered = 0, read = 0 }: { readonly delivered?: Seq; readonly read?: Seq }): void {
    const mark = this.#marks.get(chat) ?? { delivered: 0, read: 0, toldAt: -Infinity };
    this.#marks.set(chat, mark);
    if (Math.max(delivered, read) <= mark.delivered && read <= mark.read) return;
    mark.delivered = Math.max(mark.delivered, delivered, read);
    mark.read = Math.max(mark.read, read);
    this.#due.set(chat, mark);
  }

  /** The receipts to send now. */
  take(now: number): Receipt[] {
    if (now < this.#nextAt) return [];
    const due = [...this.#due].filter(([, mark]) => now >= mark.toldAt + PAUSE_MS).slice(0, AT_ONCE_MAX);
    for (const [chat, mark] of due) {
      mark.toldAt = now;
      this.#due.delete(chat);
    }
    if (due.length > 0) this.#nextAt = now + PAUSE_MS;
    return due.map(([chat, { read, delivered }]) => ({ type: 'receipt', chat, read: read || null, delivered }));
  }

  /** When the next one may go out; null where none waits. */
  nextAt(): number | null {
    if (this.#due.size === 0) return null;
    return Math.max(this.#nextAt, Math.min(...[...this.#due.values()].map((mark) => mark.toldAt)) + PAUSE_MS);
  }

  /** What was told last may be lost: it is told again. */
  disconnected(now: number): void {
    for (const [chat, mark] of this.#marks) if (now - mark.toldAt < UNSURE_MS) this.#due.set(chat, mark);
  }
}
