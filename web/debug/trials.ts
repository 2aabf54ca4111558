/** What the test page tries, each scenario with clients of its own against the live server. */

import { newId, SINGLES_MAX, type Client, type Status } from '@tenfour/client';
import { BASICS, isTaken, newKey, numberOf, send, textOf } from './basics';
import { expect, Skipped, type Step } from './scenario';
import { inTime, type Stage } from './stage';
import { isObject } from './token';
import type { Wire } from './wire';

export interface Scenario {
  readonly name: string;
  readonly says: string;
  /** The clients, as they are called in the log. */
  readonly lines: readonly string[];
  /** Steps that hand things on to each other, made anew for each run. */
  readonly steps: () => readonly Step<Stage>[];
}

const MESSAGES = 8;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'One client',
    says: 'Connects, sends, hears its own message, and resumes: the same as websocket-test.js.',
    lines: ['A', 'B'],
    steps: () => {
      let basics: ReturnType<Stage['basics']> | null = null;
      return BASICS.map(({ name, run }) => ({
        name,
        run: async (stage) => run((basics ??= stage.basics(await stage.chat()))),
      }));
    },
  },
  {
    name: 'Everybody hears it',
    says: 'A sends; A, B and C hear it, each once.',
    lines: ['A', 'B', 'C'],
    steps: () => {
      const wires: Wire[] = [];
      let seq = 0;
      return [
        { name: 'three clients connect', run: (stage) => three(stage, wires) },
        {
          name: 'A gets its ack',
          run: async () => {
            seq = numberOf(await send(at(wires, 0), 'Hello'), 'seq');
            return `stored as event ${seq}`;
          },
        },
        {
          name: 'all three hear it',
          run: async () => {
            await Promise.all(wires.map((wire) => wire.next('message_sent', (frame) => frame['seq'] === seq)));
            return 'as the same event';
          },
        },
        {
          name: 'nobody hears it twice',
          run: async () => {
            await Promise.all(wires.map(isTaken));
            for (const wire of wires)
              expect(eventsOf(wire).filter((each) => each === seq).length === 1, 'it came more than once');
            return 'once each';
          },
        },
      ];
    },
  },
  {
    name: 'Order',
    says: 'A and B send at the same time; everybody hears the same order, without a gap.',
    lines: ['A', 'B', 'C'],
    steps: () => {
      const wires: Wire[] = [];
      const acks: number[][] = [];
      return [
        { name: 'three clients connect', run: (stage) => three(stage, wires) },
        {
          name: `A and B send ${MESSAGES} each at once`,
          run: async () => {
            acks.push(...(await Promise.all([0, 1].map((who) => sendMany(at(wires, who), who === 0 ? 'A' : 'B')))));
            return 'all are acknowledged';
          },
        },
        {
          name: 'each sender keeps its own order',
          run: () => {
            for (const seqs of acks) expect(isRising(seqs), `acknowledged out of order: ${seqs.join(', ')}`);
            return 'as they were sent';
          },
        },
        {
          name: 'everybody hears the same',
          run: async () => {
            const expected = acks.flat().sort((one, other) => one - other);
            const last = expected.at(-1) ?? 0;
            await Promise.all(wires.map((wire) => wire.next('message_sent', (frame) => frame['seq'] === last)));
            const first = expected[0] ?? 0;
            for (const wire of wires) {
              const heard = eventsOf(wire).filter((seq) => seq >= first);
              expect(heard.join() === expected.join(), `heard ${heard.join(', ')}, and not ${expected.join(', ')}`);
            }
            return `events ${first} to ${last}`;
          },
        },
      ];
    },
  },
  {
    name: 'The same key twice',
    says: 'A message that is sent again is acknowledged again, and stored once.',
    lines: ['A', 'B'],
    steps: () => {
      const key = newKey();
      let [a, b]: Wire[] = [];
      let seq = 0;
      return [
        {
          name: 'A sends',
          run: async (stage) => {
            [a, b] = [await stage.enter('A'), await stage.enter('B')];
            seq = numberOf(await send(a, 'Once', key), 'seq');
            return `event ${seq}`;
          },
        },
        {
          name: 'A sends it again',
          run: async () => {
            const ack = await send(there(a), 'Once', key);
            expect(ack['duplicate'] === true, 'the ack does not say duplicate');
            expect(numberOf(ack, 'seq') === seq, `it became event ${numberOf(ack, 'seq')}`);
            return 'acknowledged as a duplicate';
          },
        },
        {
          name: 'B heard one',
          run: async () => {
            await there(b).next('message_sent', (frame) => frame['key'] === key);
            await isTaken(there(b));
            const heard = there(b).frames.filter(
              (frame) => frame.type === 'message_sent' && frame['key'] === key,
            ).length;
            expect(heard === 1, `it came ${heard} times`);
            return 'one event';
          },
        },
      ];
    },
  },
  {
    name: 'A refusal',
    says: 'What A may not send is told to A alone.',
    lines: ['A', 'B'],
    steps: () => {
      let [a, b]: Wire[] = [];
      return [
        {
          name: 'A sends an empty text',
          run: async (stage) => {
            [a, b] = [await stage.enter('A'), await stage.enter('B')];
            a.say({ type: 'send', key: newKey(), text: '   ' });
            const error = await a.next('error');
            expect(error['code'] === 'text_empty', `it was refused with ${textOf(error, 'code')}`);
            return `${textOf(error, 'code')}: ${textOf(error, 'detail')}`;
          },
        },
        {
          name: 'B hears nothing of it',
          run: async () => {
            await isTaken(there(b));
            expect(
              there(b).frames.every(({ type }) => type !== 'error'),
              'the error came to B too',
            );
            return 'not a frame';
          },
        },
      ];
    },
  },
  {
    name: 'Typing',
    says: 'While A types, the other members are shown so.',
    lines: ['A', 'other'],
    steps: () => {
      let a: Wire | undefined;
      return [
        {
          name: 'A says that it types',
          run: async (stage) => {
            a = await stage.enter('A');
            a.say({ type: 'typing', active: true });
            await isTaken(a);
            return 'taken';
          },
        },
        {
          name: 'the other account sees it',
          run: async (stage) => {
            const token = stage.other;
            if (stage.setup.chat === '') throw new Skipped('needs a chat that both accounts share');
            const other = await stage.enter('other', token);
            there(a).say({ type: 'typing', active: true });
            const shown = await other.next('typing');
            there(a).say({ type: 'typing', active: false });
            await other.next('typing', ({ expires_ms }) => expires_ms === 0);
            return `for ${numberOf(shown, 'expires_ms') / 1000} s, until A stops`;
          },
        },
      ];
    },
  },
  {
    name: 'Receipts',
    says: 'What A has read, the user’s other clients know.',
    lines: ['A', 'B'],
    steps: () => {
      let [a, b]: Wire[] = [];
      let seq = 0;
      return [
        {
          name: 'A sends and reads',
          run: async (stage) => {
            [a, b] = [await stage.enter('A'), await stage.enter('B')];
            seq = numberOf(await send(a, 'Read me'), 'seq');
            a.say({ type: 'receipt', read: seq });
            return `up to ${seq}`;
          },
        },
        {
          name: 'B is told',
          run: async () => {
            await there(b).next('receipt', ({ read }) => read === seq);
            return 'within a second';
          },
        },
      ];
    },
  },
  {
    name: 'Resume after a cut',
    says: 'An SDK client is cut off, misses messages, comes back by itself, and has each once and in order.',
    lines: ['SDK', 'B'],
    steps: () => {
      const heard = new Heard();
      let sdk: ReturnType<Stage['client']> | undefined;
      let b: Wire | undefined;
      let missed: number[] = [];
      return [
        {
          name: 'the SDK follows the chat',
          run: async (stage) => {
            const chat = await stage.chat();
            b = await stage.enter('B');
            sdk = stage.client('SDK');
            sdk.client.start();
            void heard.follow(sdk.client, chat);
            await inTime(sdk.client.connected(), 'welcome');
            await inTime(sdk.client.chat(chat).synced(), 'synced');
            return 'connected';
          },
        },
        {
          name: 'the line is cut while B sends',
          run: async () => {
            there(sdk).relay.cut();
            missed = await sendMany(there(b), 'missed');
            return `${missed.length} messages`;
          },
        },
        {
          name: 'it comes back and has them all',
          run: async () => {
            await inTime(there(sdk).client.connected(), 'welcome');
            // One more behind them: nothing that came twice can hide.
            const last = numberOf(await send(there(b), 'after the cut'), 'seq');
            await inTime(heard.upTo(last), 'the message after the cut');
            const expected = [...missed, last].join(', ');
            const came = heard.seqs.join(', ');
            expect(came === expected, `heard ${came}, and sent were ${expected}`);
            return `events ${missed[0] ?? 0} to ${missed.at(-1) ?? 0}, each once`;
          },
        },
      ];
    },
  },
  {
    name: 'Sent while cut off',
    says: 'What an SDK client sends without a line goes out when it is back, in its order and once.',
    lines: ['SDK', 'B'],
    steps: () => {
      let sdk: ReturnType<Stage['client']> | undefined;
      let b: Wire | undefined;
      const keys = Array.from({ length: MESSAGES }, () => newId());
      return [
        {
          name: 'the SDK is connected',
          run: async (stage) => {
            b = await stage.enter('B');
            sdk = stage.client('SDK');
            sdk.client.start();
            await inTime(sdk.client.connected(), 'welcome');
            return 'connected';
          },
        },
        {
          name: 'it sends while the line is cut',
          run: async (stage) => {
            const chat = there(sdk).client.chat(await stage.chat());
            there(sdk).relay.cut();
            const acks = await inTime(
              Promise.all(keys.map((key, turn) => chat.send(`While away, ${turn + 1}`, { key }))),
              'an ack',
            );
            expect(isRising(acks.map(({ seq }) => seq)), 'acknowledged out of order');
            return `${acks.length} messages, acknowledged in order`;
          },
        },
        {
          name: 'B heard each once',
          run: async () => {
            const last = keys.at(-1);
            await there(b).next('message_sent', ({ key }) => key === last);
            const came = there(b)
              .frames.filter(({ type }) => type === 'message_sent')
              .map(({ key }) => key);
            expect(came.join() === keys.join(), 'another order, or not each once');
            return 'in that order';
          },
        },
      ];
    },
  },
  {
    name: 'Bad tokens',
    says: 'A token that is forged or has expired is refused by its name; the SDK asks once for a new one.',
    lines: ['forged', 'expired', 'SDK'],
    steps: () => [
      {
        name: 'a forged token',
        run: (stage) => refused(stage, 'forged', forged(stage.setup.token), 'token_signature'),
      },
      {
        name: 'an expired token',
        run: async (stage) => {
          if (stage.setup.expiredToken === '')
            throw new Skipped('needs a token that has expired: tenfour token issue NAME --life 1');
          return refused(stage, 'expired', stage.setup.expiredToken, 'token_expired');
        },
      },
      {
        name: 'the SDK gets another one',
        run: async (stage) => {
          const asked: boolean[] = [];
          const bad = stage.setup.expiredToken || `${stage.setup.token.split('.').slice(0, 2).join('.')}`;
          const { client } = stage.client('SDK', {
            token: (renew) => {
              asked.push(renew);
              return Promise.resolve(renew ? stage.setup.token : bad);
            },
          });
          client.start();
          await inTime(client.connected(), 'welcome');
          expect(asked.join() === 'false,true', `it asked for tokens like this: ${asked.join(', ')}`);
          return 'asked for a new one, and connected with it';
        },
      },
    ],
  },
  {
    name: 'Foreign chats',
    says: 'What is no chat, or not the user’s, is closed with a code that says so.',
    lines: ['no id', 'unknown', 'foreign'],
    steps: () => [
      { name: 'not an id', run: (stage) => closed(stage, 'no id', 'general', 4404, 'chat_id_invalid') },
      { name: 'a chat that is not there', run: (stage) => closed(stage, 'unknown', newId(), 4404, 'chat_unknown') },
      {
        name: 'a chat of somebody else',
        run: async (stage) => closed(stage, 'foreign', await stage.testChat(stage.other), 4403, 'not_a_member'),
      },
    ],
  },
  {
    name: 'Three at a time',
    says: 'The SDK opens chats by their own doors, three at the most: a fourth closes the one that was used the longest time ago.',
    lines: ['SDK'],
    steps: () => [
      {
        name: 'four chats are opened',
        run: async (stage) => {
          const own = await chatsOf(stage);
          const chats = [...new Set([await stage.chat(), ...own])].slice(0, SINGLES_MAX + 1);
          if (chats.length <= SINGLES_MAX) throw new Skipped(`needs four chats, and this user has ${chats.length}`);
          const singles = stage.singles('SDK');
          for (const chat of chats) {
            singles.chat(chat);
            const client = singles.clients.get(chat);
            if (client !== undefined) await inTime(client.connected(), 'welcome');
          }
          const open = [...singles.clients.keys()];
          expect(open.join() === chats.slice(1).join(), `open are ${open.length}: ${open.join(', ')}`);
          return 'the first was closed, three are open';
        },
      },
    ],
  },
  {
    name: 'Coming back',
    says: 'While the door is not to be found, the SDK tries at once, then ever more slowly, and connects when it is back.',
    lines: ['SDK'],
    steps: () => [
      {
        name: 'four attempts fail, the fifth connects',
        run: async (stage) => {
          const waits: { readonly untilMs: number; readonly boundMs: number }[] = [];
          const onStatus = (status: Status): void => {
            if (status.is === 'waiting')
              waits.push({ untilMs: status.retryAt, boundMs: status.retryAt - performance.now() });
          };
          const { client, relay } = stage.client('SDK', { random: () => 0.1, onStatus });
          relay.astray = 4;
          client.start();
          await inTime(client.connected(), 'welcome', 30_000);
          const tooSoon = relay.dialled
            .slice(1)
            .filter((dialledMs, turn) => dialledMs < (waits[turn]?.untilMs ?? Infinity) - 2);
          expect(relay.dialled.length === 5, `it was tried ${relay.dialled.length} times`);
          expect(tooSoon.length === 0, 'an attempt came before its time');
          const allowed = [0, 100, 200, 400];
          const shown = waits.map(({ boundMs }) => Math.max(0, Math.round(boundMs)));
          expect(
            waits.every(({ boundMs }, turn) => boundMs <= (allowed[turn] ?? 0) + 1),
            `it waited for ${shown.join(', ')} ms`,
          );
          return `waited for ${allowed.join(', ')} ms at the most, a tenth of the longest waits`;
        },
      },
    ],
  },
];

async function three(stage: Stage, wires: Wire[]): Promise<string> {
  const chat = await stage.chat();
  wires.push(...(await Promise.all(['A', 'B', 'C'].map((line) => stage.enter(line, stage.setup.token, chat)))));
  return 'all are welcome';
}

function at(wires: readonly Wire[], place: number): Wire {
  return there(wires[place]);
}

/** What an earlier step made. */
function there<T>(made: T | undefined): T {
  expect(made !== undefined, 'the step before it made nothing');
  return made;
}

const eventsOf = (wire: Wire): readonly number[] =>
  wire.frames.filter(({ type }) => type === 'message_sent').map((frame) => numberOf(frame, 'seq'));

const isRising = (numbers: readonly number[]): boolean =>
  numbers.every((each, place) => place === 0 || each > (numbers[place - 1] ?? each));

/** Sends all at once; their seqs, in the order of sending. */
async function sendMany(wire: Wire, name: string): Promise<number[]> {
  const acks = await Promise.all(Array.from({ length: MESSAGES }, (_, turn) => send(wire, `${name} ${turn + 1}`)));
  return acks.map((ack) => numberOf(ack, 'seq'));
}

/** The messages that a client of the SDK has given to its application. */
class Heard {
  readonly seqs: number[] = [];
  readonly #waiting = new Map<number, () => void>();

  async follow(client: Client, chat: string): Promise<void> {
    for await (const event of client.chat(chat).events()) {
      if (event.type !== 'message_sent') continue;
      this.seqs.push(event.seq);
      this.#waiting.get(event.seq)?.();
    }
  }

  /** Returns once this message is there. */
  async upTo(seq: number): Promise<void> {
    if (!this.seqs.includes(seq)) await new Promise<void>((resolve) => this.#waiting.set(seq, resolve));
  }
}

/** The token with another signature. */
function forged(token: string): string {
  const [head = '', body = '', signature = ''] = token.split('.');
  return [head, body, [...signature].reverse().join('')].join('.');
}

async function refused(stage: Stage, line: string, token: string, code: string): Promise<string> {
  const wire = await stage.knock(line, await stage.chat(), token);
  return closing(wire, 4401, code);
}

async function closed(stage: Stage, line: string, chat: string, code: number, name: string): Promise<string> {
  return closing(await stage.knock(line, chat), code, name);
}

async function closing(wire: Wire, code: number, name: string): Promise<string> {
  const close = await wire.end();
  expect(
    close.code === code && close.reason.startsWith(`${name}:`),
    `closed with ${close.code} ${close.reason}, and not ${code} ${name}`,
  );
  return `${close.code} ${close.reason}`;
}

async function chatsOf(stage: Stage): Promise<readonly string[]> {
  const { items } = await stage.ask('GET', '/chats?limit=4');
  return Array.isArray(items)
    ? items.flatMap((each: unknown) => (isObject(each) && typeof each['id'] === 'string' ? [each['id']] : []))
    : [];
}
