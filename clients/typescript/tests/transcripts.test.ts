/** The golden transcripts through connection and outbox, as `protocol/transcripts/README.md` says. */

import { describe, expect, test } from 'vitest';
import { decode, encode, isEvent } from '../src/codec';
import { Connection, type Effect, type Status } from '../src/connection';
import { failureOf } from '../src/errors';
import type { ClientFrame, Seq, ToldFrame } from '../src/generated/frames';
import { Outbox } from '../src/outbox';
import {
  Bindings,
  clientTranscripts,
  only,
  type Json,
  type JsonObject,
  type Step,
  type Transcript,
} from './transcripts';

const TOKEN = 'the token of ann';

/** The SDK's pure steps, with queues where its sockets and its application would be. */
class Sdk {
  readonly connection = new Connection(() => 0.5);
  readonly outbox = new Outbox();
  readonly opens: { readonly newToken: boolean; readonly path: string }[] = [];
  readonly shuts: number[] = [];
  readonly written: Json[] = [];
  readonly told: Record<string, JsonObject[]> = { status: [], event: [], lost: [], acked: [], refused: [] };
  now = 1_000_000;

  carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) this.#carryOut(effect);
    this.#sendWaiting();
  }

  hear(text: string): void {
    const frame = decode(text);
    if (frame !== null) this.carryOut(this.connection.heard(frame, this.now));
  }

  passTime(seconds: number): void {
    this.now += seconds * 1000;
    this.carryOut(this.connection.ticked(this.now));
  }

  call(verb: string, facts: Json): void {
    switch (verb) {
      case 'start':
        return this.carryOut(this.connection.start(this.now));
      case 'stop':
        return this.carryOut(this.connection.stop());
      case 'online':
        return this.carryOut(this.connection.online(this.now));
      case 'follow': {
        const { chats, rest } = facts as unknown as { chats: Record<string, Seq | null>; rest: boolean };
        return this.carryOut(this.connection.follow(new Map(Object.entries(chats)), { rest }));
      }
      case 'send': {
        const { chat, key, text } = facts as unknown as { chat: string; key: string; text: string };
        this.outbox.add({ chat, key, text, replyTo: null, tried: false });
        return this.#sendWaiting();
      }
      default:
        throw new Error(`the application cannot call ${verb}`);
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.is) {
      case 'open':
        this.opens.push(effect);
        break;
      case 'shut':
        this.shuts.push(effect.code);
        break;
      case 'transmit':
        this.#write(effect.frame);
        break;
      case 'renewToken':
        this.#write({ type: 'authenticate', token: TOKEN });
        break;
      case 'changed':
        this.#changed(effect.status);
        break;
      case 'happened':
        this.#tell('event', { chat: effect.frame.chat, seq: effect.frame.seq });
        break;
      case 'lost': {
        const { chat, after, head, newHistory } = effect;
        this.#tell('lost', { chat, after, head, new_history: newHistory });
        break;
      }
      case 'unfollowed':
        break;
      case 'told':
        this.#hear(effect.frame);
        break;
    }
  }

  #sendWaiting(): void {
    for (const { key, text, chat, replyTo } of this.outbox.take(this.now, (each) => this.connection.maySend(each))) {
      this.#write({ type: 'send', key, text, chat, reply_to: replyTo });
    }
  }

  #write(frame: ClientFrame): void {
    this.written.push(JSON.parse(encode(frame)) as Json);
  }

  #tell(what: string, facts: JsonObject): void {
    this.told[what]?.push(facts);
  }

  #changed(status: Status): void {
    if (status.is !== 'connected') this.outbox.disconnected();
    if (status.is === 'waiting')
      this.#tell('status', { is: status.is, why: status.why, in_s: (status.retryAt - this.now) / 1000 });
    else if (status.is === 'refused') this.#tell('status', { is: status.is, code: status.code });
    else this.#tell('status', { is: status.is });
  }

  #hear(frame: ToldFrame): void {
    if (frame.type === 'welcome') this.outbox.connected(frame.limits.sends_per_s, this.now);
    if (frame.type === 'ack' && this.outbox.answered(frame.chat, frame.key)) {
      this.#tell('acked', { chat: frame.chat, key: frame.key, seq: frame.seq });
    }
    if (frame.type === 'error' && frame.chat !== null && frame.key !== null) {
      const { chat, key, code } = frame;
      if (failureOf(code)?.retry === 'after_delay') this.outbox.hold(chat, key, this.now + (frame.retry_after_ms ?? 0));
      else if (this.outbox.answered(chat, key)) this.#tell('refused', { chat, key, code });
    }
  }
}

/** Walks through the lines of the main connection; throws where the SDK does something else. */
function replay(transcript: Transcript, eventsFirst: boolean): void {
  const sdk = new Sdk();
  const bindings = new Bindings([
    ...transcript.people.flatMap((name): [string, string][] => [
      [name, `id of ${name}`],
      [`${name}.token`, `the token of ${name}`],
    ]),
    ...transcript.tokens.map((name): [string, string] => [name, TOKEN]),
    ...transcript.chats.map((name): [string, string] => [name, `chat ${name}`]),
  ]);
  for (const each of transcript.steps) {
    try {
      step(sdk, each, bindings, eventsFirst);
    } catch (cause) {
      const state = `written ${JSON.stringify(sdk.written)}, told ${JSON.stringify(sdk.told)}`;
      throw new Error(`${each.place}: ${String(cause)}; ${state}`, { cause });
    }
  }
  expect(sdk.written).toEqual([]);
  expect(sdk.told).toEqual({ status: [], event: [], lost: [], acked: [], refused: [] });
  expect(sdk.opens).toEqual([]);
}

function step(sdk: Sdk, { verb, body }: Step, bindings: Bindings, eventsFirst: boolean): void {
  switch (verb) {
    case 'app_calls':
      sdk.call(...only(bindings.fill(body)));
      break;
    case 'app_hears': {
      const [what, facts] = only(bindings.fill(body));
      expect(sdk.told[what]?.shift()).toMatchObject(facts as JsonObject);
      break;
    }
    case 'passes':
      sdk.passTime(Number(bindings.fill(body.seconds)));
      break;
    case 'client':
      bindings.match(body, sdk.written.shift() ?? null);
      break;
    case 'client_closes':
      expect(sdk.shuts.shift()).toBe(body.code);
      break;
    case 'open':
      expect(sdk.opens.shift()).toMatchObject({ newToken: body.new_token ?? false, path: body.path });
      expect(bindings.fill(body.headers ?? {})['Authorization']).toBe(`Bearer ${TOKEN}`);
      break;
    case 'opened':
      break;
    case 'server':
    case 'later_server':
      sdk.hear(JSON.stringify(bindings.fill(body)));
      break;
    case 'any_order': {
      const texts = body.map((frame) => JSON.stringify(bindings.fill(frame)));
      const ordered = eventsFirst
        ? [...texts.filter(isEventText), ...texts.filter((text) => !isEventText(text))]
        : texts;
      for (const text of ordered) sdk.hear(text);
      break;
    }
    case 'server_closes':
      sdk.carryOut(sdk.connection.closed(body.code, body.reason, sdk.now));
      break;
    case 'refused':
      sdk.carryOut(sdk.connection.unreachable(body.code, sdk.now));
      break;
    case 'cut': {
      const { connection, now } = sdk;
      const isOpening = connection.status.is === 'connecting';
      sdk.carryOut(isOpening ? connection.unreachable('unreachable', now) : connection.closed(1006, '', now));
      break;
    }
  }
}

function isEventText(text: string): boolean {
  return isEvent(decode(text));
}

describe.each(clientTranscripts())('$name', (transcript) => {
  test.each([
    ['as written', false],
    ['events first', true],
  ])('the SDK follows the transcript, %s', (_, eventsFirst) => {
    replay(transcript, eventsFirst);
  });
});
