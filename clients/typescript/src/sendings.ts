/** Messages on their way, and who waits for their answers. */

import { inTime, type Clock } from './clock';
import { Deferred } from './deferred';
import { TenfourError } from './errors';
import type { Ack } from './generated/frames';
import type { Keeping, KeptEntry } from './keeping';
import type { Log } from './log';
import { MESSAGES_MAX, Outbox, type Entry } from './outbox';

/** A database that says nothing for so long is done without: messages wait for it. */
const KEEPING_DEADLINE_MS = 5_000;

interface Sending {
  readonly entry: Entry;
  readonly answer: Deferred<Ack>;
  callers: number;
}

/** The outbox of a client with the promises that its callers hold and the copy that survives a reload. */
export class Sendings {
  readonly outbox = new Outbox();
  readonly #keeping: Keeping | null;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #sendings = new Map<string, Sending>();
  /** What a refusal of the connection, or `close`, has left. */
  #left: Entry[] = [];
  #bringingBack: Promise<void> | null = null;
  #isBack: boolean;
  #keeps = false;
  /** What is being written to the copy. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(keeping: Keeping | null, log: Log, clock: Clock) {
    this.#keeping = keeping;
    this.#log = log;
    this.#clock = clock;
    this.#isBack = keeping === null;
  }

  /** Whether what an earlier page has left is here: before, newer messages would overtake it. */
  get isBack(): boolean {
    return this.#isBack;
  }

  /** Whether messages survive a reload. */
  get keeps(): boolean {
    return this.#keeps;
  }

  get unanswered(): Entry[] {
    return [...this.#left, ...this.outbox];
  }

  /** The answer to a message; the same key with the same content is the same message. */
  post(draft: KeptEntry, signal?: AbortSignal): Promise<Ack> {
    signal?.throwIfAborted();
    const sending = this.#sendingOf(draft);
    sending.callers += 1;
    if (signal === undefined) return sending.answer.promise;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        sending.callers -= 1;
        if (sending.callers === 0) this.withdraw(draft.chat, draft.key);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      const leave = (): void => signal.removeEventListener('abort', abort);
      sending.answer.promise.then(resolve, reject).finally(leave);
    });
  }

  /** Takes a message back that was never written, or was left; false for any other. */
  withdraw(chat: string, key: string): boolean {
    const others = this.#left.filter((entry) => entry.chat !== chat || entry.key !== key);
    const isOut = this.outbox.withdraw(chat, key) || others.length < this.#left.length;
    if (!isOut) return false;
    this.#left = others;
    this.#sendings.get(nameOf(chat, key))?.answer.reject(new DOMException('The message was taken back.', 'AbortError'));
    this.#sendings.delete(nameOf(chat, key));
    this.#drop(chat, key);
    return true;
  }

  answered(chat: string, key: string, answer: Ack | TenfourError): void {
    if (this.outbox.answered(chat, key)) this.#drop(chat, key);
    const sending = this.#sendings.get(nameOf(chat, key));
    this.#sendings.delete(nameOf(chat, key));
    if (answer instanceof TenfourError) sending?.answer.reject(answer);
    else sending?.answer.resolve(answer);
  }

  /** Every wait ends; the messages are left, and those that are kept stay so. */
  giveUp(why: () => Error): void {
    this.#left = [...this.#left, ...this.outbox.clear()];
    for (const { answer } of this.#sendings.values()) answer.reject(why());
    this.#sendings.clear();
  }

  /** What a refusal has left goes out again. */
  tryAgain(): void {
    const left = this.#left;
    this.#left = [];
    for (const entry of left) this.#sendingOf(entry);
  }

  /** Returns once every message that is on its way now has its answer. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#sendings.values()].map(({ answer }) => answer.promise));
  }

  /** Brings back what earlier pages of this user have left, once. */
  bringBack(user: string): Promise<void> {
    return (this.#bringingBack ??= this.#bringBack(user));
  }

  /** Takes over what pages have left that have gone meanwhile. */
  async adopt(user: string): Promise<void> {
    if (!this.#keeps || this.#keeping === null) return;
    await this.#keep(async (keeping) => this.#take(await keeping.adopt(user), MESSAGES_MAX - this.outbox.size));
  }

  async forget(user: string): Promise<void> {
    this.#keeps = false;
    await this.#writing;
    await this.#keeping?.forget(user);
  }

  async close(): Promise<void> {
    await this.#bringingBack;
    await this.#writing;
    this.#keeps = false;
    await this.#keeping?.close();
  }

  async #bringBack(user: string): Promise<void> {
    if (this.#keeping === null) return;
    this.#keeps = true;
    const late = (): Error => new Error('The database does not answer.');
    await this.#keep(async (keeping) => {
      const kept = await inTime(this.#clock, KEEPING_DEADLINE_MS, keeping.adopt(user), late);
      const newer = this.outbox.clear();
      this.#take(kept, MESSAGES_MAX - newer.length);
      for (const entry of newer) if (!this.#isAmong(kept, entry)) this.outbox.add(entry);
      for (const entry of newer) void this.#keep((it) => it.keep(entry));
    });
    this.#isBack = true;
  }

  #isAmong(kept: readonly KeptEntry[], { chat, key }: Entry): boolean {
    return kept.some((each) => each.chat === chat && each.key === key);
  }

  /** They may have been written to a socket by the page that is gone: nobody but the server knows. */
  #take(kept: readonly KeptEntry[], room: number): void {
    for (const entry of kept.slice(0, room)) {
      const name = nameOf(entry.chat, entry.key);
      const sending = this.#sendings.get(name) ?? {
        entry: { ...entry, tried: true },
        answer: new Deferred<Ack>(),
        callers: 0,
      };
      this.outbox.add(sending.entry);
      this.#sendings.set(name, sending);
    }
    if (kept.length > 0) this.#log.say('info', 'outbox_adopted', { messages: kept.length });
  }

  #sendingOf(draft: KeptEntry): Sending {
    const name = nameOf(draft.chat, draft.key);
    const known = this.#sendings.get(name);
    if (known !== undefined) {
      if (known.entry.text !== draft.text || known.entry.replyTo !== draft.replyTo)
        throw new TenfourError('key_reused');
      return known;
    }
    const entry: Entry = { tried: false, ...draft };
    this.outbox.add(entry);
    const sending = { entry, answer: new Deferred<Ack>(), callers: 0 };
    this.#sendings.set(name, sending);
    if (this.#isBack) void this.#keep((keeping) => keeping.keep(entry));
    return sending;
  }

  #drop(chat: string, key: string): void {
    void this.#keep((keeping) => keeping.drop(chat, key));
  }

  /** Something with the copy; where that fails, there is none from now on, and it is said. */
  async #keep(step: (keeping: Keeping) => Promise<void>): Promise<void> {
    if (this.#keeping === null || !this.#keeps) return;
    const work = step(this.#keeping).catch((cause: unknown) => {
      if (!this.#keeps) return;
      this.#keeps = false;
      this.#log.say('error', 'outbox_not_kept', cause);
    });
    this.#writing = Promise.all([this.#writing, work]);
    await work;
  }
}

function nameOf(chat: string, key: string): string {
  return `${chat} ${key}`;
}
