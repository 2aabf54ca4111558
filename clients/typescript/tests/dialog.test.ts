/** What holds of a connection whatever the server and the line do. */

import { expect, test } from 'vitest';
import { ABNORMAL, Connection, type Effect } from '../src/connection';
import type { ServerFrame, Subscribe } from '../src/generated/frames';
import { CHAT, event, reset, synced, welcome } from './frames';
import { seeds, walk, type Random, type Rule } from './random';

const DOORS = { 'the door of all chats': {}, 'the door of one chat': { onlyChat: CHAT } };

/**
 * A server that doubles and drops frames, says old ones again, resets, is restored; and a line that is cut.
 *
 * It keeps to the protocol otherwise. What the application is told has to be the history: each event once, in order, or
 * read after a reset, anew where it is another history; and connected is said after welcome only.
 */
class Dialog {
  readonly #connection: Connection;
  #now = 0;
  #head = 3;
  #history = 0;
  #toldOf: string | null = 'e0';
  #told = 0;
  #asked: { id: string | null; after: number; epoch: string | null }[] = [];
  #onItsWay: ServerFrame[] = [];
  #heardBefore: ServerFrame[] = [];
  #welcomed = false;
  #path = '';

  readonly rules: readonly Rule[] = [
    { can: () => this.#connection.status.is === 'connecting', act: () => this.#admit() },
    { act: (random) => this.#grow(random.between(1, 3)) },
    { can: () => this.#asked.length > 0, act: (random) => this.#replay(random.next() < 0.5) },
    { can: () => this.#onItsWay.length > 0, act: (random) => this.#deliver(random.oneOf([1, 1, 1, 2, 0])) },
    { can: () => this.#onItsWay.length > 0, act: () => this.#deliver(1) },
    { can: () => this.#heardBefore.length > 0, act: (random) => this.#hear(random.oneOf(this.#heardBefore)) },
    { act: (random) => this.#ack(random.between(0, 20)) },
    { can: () => this.#isOpen(), act: (random) => this.#cut(random.oneOf([1000, 1006, 1012, 4408, 4410])) },
    { can: () => this.#isOpen(), act: (random) => this.#restore(random) },
    { act: (random) => this.#wait(random.next() * 40_000) },
  ];

  constructor(options: { readonly onlyChat?: string }) {
    this.#connection = new Connection(() => 0.5, options);
    this.#carryOut(this.#connection.follow(new Map([[CHAT, 0]])));
    this.#carryOut(this.#connection.start(this.#now));
  }

  check(): void {
    const { places, status } = this.#connection;
    expect(places.get(CHAT)?.seq).toBe(this.#told);
    if (places.get(CHAT)?.live === true) expect(status.is).toBe('connected');
  }

  /** With a line that holds, and one more event, the application gets everything and is told that it is live. */
  end(): void {
    this.#grow(1);
    for (let step = 0; step < 6 * this.#head + 100; step += 1) this.#goOn();
    expect([this.#told, this.#toldOf]).toEqual([this.#head, this.#epoch]);
    expect(this.#connection.places.get(CHAT)?.live).toBe(true);
  }

  get #epoch(): string {
    return `e${this.#history}`;
  }

  #isOpen(): boolean {
    return this.#connection.status.is === 'connecting' || this.#connection.status.is === 'connected';
  }

  #goOn(): void {
    const { status, places } = this.#connection;
    if (status.is === 'waiting') this.#wait(Math.max(0, status.retryAt - this.#now));
    else if (status.is === 'connecting') this.#admit();
    else if (this.#onItsWay.length > 0) this.#deliver(1);
    else if (this.#asked.length > 0) this.#replay(false);
    else if (places.get(CHAT)?.live === false) {
      this.#connection.touched(this.#now);
      this.#wait(30_000);
    }
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.is) {
        case 'open':
          this.#path = effect.path;
          break;
        case 'happened':
          expect(effect.frame.seq).toBe(this.#told + 1);
          this.#told = effect.frame.seq;
          break;
        case 'lost': {
          const isNew = this.#toldOf !== this.#epoch || this.#told > this.#head;
          expect(effect).toMatchObject({ after: isNew ? 0 : this.#told, newHistory: isNew });
          this.#told = effect.head;
          this.#toldOf = this.#epoch;
          break;
        }
        case 'transmit':
          if (effect.frame.type === 'subscribe') this.#subscribed(effect.frame);
          break;
        case 'changed':
          if (effect.status.is === 'connected') expect(this.#welcomed).toBe(true);
          break;
        case 'shut':
          this.#lose();
          break;
        default:
      }
    }
  }

  #subscribed({ id, chats, epoch }: Subscribe): void {
    expect(this.#welcomed).toBe(true);
    expect([chats, epoch]).toEqual([{ [CHAT]: this.#told }, this.#toldOf]);
    this.#asked.push({ id, after: this.#told, epoch });
  }

  #lose(): void {
    this.#welcomed = false;
    this.#asked = [];
    this.#onItsWay = [];
  }

  #admit(): void {
    this.#welcomed = true;
    if (this.#connection.epoch === null) this.#toldOf = this.#epoch; // the application named no history
    if (this.#path.includes('/chats/')) {
      const query = new URL(this.#path, 'http://server').searchParams;
      expect(query.get('after')).toBe(String(this.#told));
      this.#asked.push({ id: null, after: this.#told, epoch: query.get('epoch') ?? this.#epoch });
    }
    this.#hear(welcome(this.#epoch, { [CHAT]: this.#head }));
  }

  #grow(count: number): void {
    for (let grown = 0; grown < count; grown += 1) {
      this.#head += 1;
      if (this.#welcomed) this.#onItsWay.push(event(this.#head));
    }
  }

  #replay(resets: boolean): void {
    const asked = this.#asked.shift();
    if (asked === undefined) return;
    if (resets || asked.epoch !== this.#epoch || asked.after > this.#head) {
      this.#onItsWay.push(reset(asked.id, this.#head, CHAT, this.#epoch));
      return;
    }
    for (let seq = asked.after + 1; seq <= this.#head; seq += 1) this.#onItsWay.push(event(seq));
    this.#onItsWay.push(synced(asked.id, this.#head, CHAT, this.#epoch));
  }

  #deliver(times: number): void {
    const frame = this.#onItsWay.shift();
    if (frame === undefined) return;
    if (frame.type === 'message_sent') this.#heardBefore.push(frame);
    for (let time = 0; time < times; time += 1) this.#hear(frame);
  }

  #hear(frame: ServerFrame): void {
    this.#carryOut(this.#connection.heard(frame, this.#now));
  }

  #ack(seq: number): void {
    this.#hear({ type: 'ack', chat: CHAT, key: 'k', seq, id: 'm', at: 'now', duplicate: false });
  }

  #cut(code: number): void {
    this.#lose();
    this.#carryOut(this.#connection.closed(code, '', this.#now));
  }

  /** Another history, with another epoch: what was on its way is gone with the process. */
  #restore(random: Random): void {
    this.#head = random.between(0, this.#head);
    this.#history += 1;
    this.#heardBefore = [];
    this.#cut(ABNORMAL);
  }

  #wait(ms: number): void {
    this.#now += ms;
    this.#carryOut(this.#connection.ticked(this.#now));
  }
}

test.each(Object.entries(DOORS))('%s tells each event once and in order, and loses none', (_, options) => {
  for (const seed of seeds(150)) {
    const dialog = new Dialog(options);
    try {
      walk(seed, 60, dialog.rules, () => dialog.check());
      dialog.end();
    } catch (cause) {
      throw new Error(`with seed ${seed}: ${String(cause)}`, { cause });
    }
  }
});
