/** Messages on their way, and who waits for their answers. */

import { inTime, type Clock } from './clock.js';
import { Deferred } from './deferred.js';
import { TenfourError } from './errors.js';
import type { Ack } from './generated/frames.js';
import type { Keeping, KeptEntry } from './keeping.js';
import type { Log } from './log.js';
import { MESSAGES_MAX, Outbox, type Entry } from './outbox.js';

/** A database that says nothing for so long is done without: messages wait for it. */
const KEEPING_DEADLINE_MS = 5_000;

type Name = Pick<Entry, 'chat' | 'key'>;

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
  #isBack: boolean;
  #keeps: boolean;
  #adopting = Promise.resolve();
  /** What is being written to the copy. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(keeping: Keeping | null, log: Log, clock: Clock) {
    this.#keeping = keeping;
    this.#log = log;
    this.#clock = clock;
    this.#keeps = keeping !== null;
    this.#isBack = keeping === null;
  }

  /** Whether what an earlier page has left is here: before, newer messages would overtake it. */
  get isBack(): boolean {
    return this.#isBack;
  }

  /** Whether messages survive a reload. */
  get keeps(): boolean {
    return this.#keeps && this.#isBack;
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
        if (sending.callers === 0) this.withdraw(draft, false);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      const leave = (): void => signal.removeEventListener('abort', abort);
      sending.answer.promise.then(resolve, reject).finally(leave);
    });
  }

  /** Takes a message back that was never written to a socket, or any if `isLeft`; false for others. */
  withdraw({ chat, key }: Name, isLeft: boolean): boolean {
    if (!(isLeft ? this.outbox.answered(chat, key) : this.outbox.withdraw(chat, key))) return false;
    this.#settled(chat, key)?.reject(new DOMException('The message was taken back.', 'AbortError'));
    return true;
  }

  answered(chat: string, key: string, answer: Ack | TenfourError): void {
    this.outbox.answered(chat, key);
    const waiting = this.#settled(chat, key);
    if (answer instanceof TenfourError) waiting?.reject(answer);
    else waiting?.resolve(answer);
  }

  /** Every wait ends; the messages stay, to be sent by who starts again or comes next. */
  giveUp(why: () => Error): void {
    for (const { answer } of this.#sendings.values()) answer.reject(why());
    this.#sendings.clear();
  }

  /** Returns once every message that is on its way now has its answer. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#sendings.values()].map(({ answer }) => answer.promise));
  }

  /** Takes over what pages of this user have left that have gone: at first before all that is newer. */
  adopt(user: string): Promise<void> {
    return (this.#adopting = this.#adopting.then(() => this.#adopt(user)));
  }

  async #adopt(user: string): Promise<void> {
    await this.#keep(async (keeping) => {
      const kept = await inTime(this.#clock, KEEPING_DEADLINE_MS, keeping.adopt(user), 'The database does not answer.');
      const newer = this.#isBack ? [] : this.outbox.clear();
      this.#take(kept.slice(0, MESSAGES_MAX - this.outbox.size - newer.length));
      for (const entry of newer) {
        this.outbox.add(entry); // one that was kept as well has its place already
        void this.#keep((it) => it.keep(entry));
      }
    });
    this.#isBack = true;
  }

  async forget(user: string): Promise<void> {
    this.#keeps = false;
    await this.#writing;
    await this.#keeping?.forget(user);
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#keeps = false;
    await this.#keeping?.close();
  }

  /** They may have been written to a socket by the page that is gone: nobody but the server knows. */
  #take(kept: readonly KeptEntry[]): void {
    for (const draft of kept) {
      const name = nameOf(draft.chat, draft.key);
      const sending = this.#sendings.get(name) ?? newSending({ ...draft, tried: true });
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
    const sending = newSending({ ...draft, tried: false });
    this.outbox.add(sending.entry);
    this.#sendings.set(name, sending);
    if (this.#isBack) void this.#keep((keeping) => keeping.keep(draft));
    return sending;
  }

  /** The message is on its way no more; whoever waits for its answer. */
  #settled(chat: string, key: string): Deferred<Ack> | undefined {
    const name = nameOf(chat, key);
    const sending = this.#sendings.get(name);
    this.#sendings.delete(name);
    void this.#keep((keeping) => keeping.drop(chat, key));
    return sending?.answer;
  }

  /** Something with the copy; where that fails, there is none from now on, and it is said. */
  async #keep(step: (keeping: Keeping) => Promise<void>): Promise<void> {
    if (this.#keeping === null || !this.#keeps) return;
    const work = step(this.#keeping).catch((cause: unknown) => {
      if (this.#keeps) this.#log.say('error', 'outbox_not_kept', cause);
      this.#keeps = false;
    });
    this.#writing = Promise.all([this.#writing, work]);
    await work;
  }
}

function newSending(entry: Entry): Sending {
  return { entry, answer: new Deferred(), callers: 0 };
}

function nameOf(chat: string, key: string): string {
  return `${chat} ${key}`;
}
