/** The golden conversations of `protocol/transcripts`; their format is described in its README. */

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../protocol/transcripts/', import.meta.url));
/** The connection of lines that name none. */
const MAIN = 'main';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** What happens in a line, for who replays as a client. */
export interface Acts {
  open: { readonly path: string; readonly headers?: JsonObject; readonly new_token?: boolean };
  opened: { readonly subprotocol: string | null };
  refused: { readonly status: number; readonly code: string };
  client: JsonObject;
  server: JsonObject;
  later_server: JsonObject;
  any_order: readonly JsonObject[];
  server_closes: { readonly code: number; readonly reason: string };
  client_closes: { readonly code: number; readonly reason: string };
  cut: JsonObject;
  passes: { readonly seconds: Json };
  app_calls: JsonObject;
  app_hears: JsonObject;
}

export type Step = { readonly place: string } & {
  [V in keyof Acts]: { readonly verb: V; readonly body: Acts[V] };
}[keyof Acts];

export interface Transcript {
  readonly name: string;
  readonly people: readonly string[];
  readonly chats: readonly string[];
  readonly tokens: readonly string[];
  readonly steps: readonly Step[];
}

interface Head {
  readonly replayed_by: readonly string[];
  readonly people?: readonly string[];
  readonly chats?: JsonObject;
  readonly tokens?: JsonObject;
}

/** Those that a client replays, with the lines of the main connection that are about it. */
export function clientTranscripts(): Transcript[] {
  return files().flatMap(readTranscript);
}

function files(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.jsonl'))
    .sort();
}

function readTranscript(file: string): Transcript[] {
  const [first, ...lines] = readFileSync(FOLDER + file, 'utf-8')
    .trimEnd()
    .split('\n');
  const head = JSON.parse(first ?? '') as Head;
  if (!head.replayed_by.includes('client')) return [];
  const steps = lines.flatMap((line, index) => readStep(line, `${file}:${index + 2}`));
  const { people = ['ann'], chats = {}, tokens = {} } = head;
  return [{ name: file.replace('.jsonl', ''), people, chats: Object.keys(chats), tokens: Object.keys(tokens), steps }];
}

function readStep(text: string, place: string): Step[] {
  const { on = MAIN, ...act } = JSON.parse(text) as JsonObject;
  const [verb, body] = only(act);
  if (on !== MAIN || ['http', 'restart', 'client_raw'].includes(verb)) return [];
  const step = { place, verb, body };
  return [step as Step];
}

/** The one name and value of an object. */
export function only(object: JsonObject): [name: string, value: Json] {
  const [found, ...more] = Object.entries(object);
  if (found === undefined || more.length > 0)
    throw new Error(`one thing at a time, not ${Object.keys(object).join(', ')}`);
  return found;
}

/** What each placeholder of a transcript stands for in this replay. */
export class Bindings {
  readonly #values: Map<string, Json>;

  constructor(values: Iterable<readonly [string, Json]>) {
    this.#values = new Map(values);
  }

  /** The template with its values; what nobody has named yet is made up. */
  fill<T extends Json>(template: T): T {
    return this.#filled(template) as T;
  }

  /** Takes the values of new placeholders from `actual`; throws where anything else differs. */
  match(expected: Json, actual: Json, path = 'frame'): void {
    if (typeof expected === 'string') this.#matchText(expected, actual, path);
    else if (isObject(expected)) {
      const names = Object.keys(expected).map((name) => this.#named(name));
      if (!isObject(actual)) throw new Mismatch(path, expected, actual);
      if (names.sort().join() !== Object.keys(actual).sort().join()) throw new Mismatch(path, expected, actual);
      for (const [name, value] of Object.entries(expected)) {
        this.match(value, actual[this.#named(name)] ?? null, `${path}.${name}`);
      }
    } else if (Array.isArray(expected)) {
      if (!Array.isArray(actual) || actual.length !== expected.length) throw new Mismatch(path, expected, actual);
      expected.forEach((value: Json, index) =>
        this.match(value, (actual as readonly Json[])[index] ?? null, `${path}[${index}]`),
      );
    } else if (expected !== actual) throw new Mismatch(path, expected, actual);
  }

  #filled(template: Json): Json {
    if (typeof template === 'string') return this.#filledText(template);
    if (Array.isArray(template)) return template.map((value: Json) => this.#filled(value));
    if (!isObject(template)) return template;
    return Object.fromEntries(
      Object.entries(template).map(([name, value]) => [this.#named(name), this.#filled(value)]),
    );
  }

  #filledText(text: string): Json {
    const whole = /^\$([a-z][a-z0-9_.]*)(?::([a-z]+))?$/.exec(text);
    if (whole !== null) return this.#value(whole[1] ?? '', whole[2]);
    return text.replace(/\$([a-z][a-z0-9_.]*)(?::([a-z]+))?/g, (_, name: string, kind?: string) =>
      String(this.#value(name, kind)),
    );
  }

  #named(name: string): string {
    return String(this.#filledText(name));
  }

  #value(name: string, kind: string | undefined): Json {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const made = KINDS[kind ?? '']?.make(name);
    if (made === undefined) throw new Error(`$${name} stands for nothing yet, and has no kind to make something up`);
    this.#values.set(name, made);
    return made;
  }

  #matchText(expected: string, actual: Json, path: string): void {
    const [, name, kind] = /^\$([a-z][a-z0-9_.]*):([a-z]+)$/.exec(expected) ?? [];
    if (name !== undefined && !this.#values.has(name)) {
      if (KINDS[kind ?? '']?.is(actual) !== true) throw new Mismatch(path, expected, actual);
      this.#values.set(name, actual);
    } else if (this.#filledText(expected) !== actual) throw new Mismatch(path, expected, actual);
  }
}

class Mismatch extends Error {
  constructor(path: string, expected: Json, actual: Json) {
    super(`${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Kind {
  is(value: Json): boolean;
  make(name: string): Json;
}

const isText = (value: Json): value is string => typeof value === 'string' && value !== '';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Kind of placeholder → whether a value is one, and how one is made up. */
const KINDS: Readonly<Record<string, Kind>> = {
  id: { is: (value) => isText(value) && UUID.test(value), make: (name) => `id ${name}` },
  time: { is: (value) => isText(value) && TIME.test(value), make: () => '2026-01-31T12:00:00.000Z' },
  ms: { is: (value) => Number.isInteger(value), make: () => 1_000 },
  text: { is: isText, make: (name) => name },
  limits: {
    is: isObject,
    make: () => ({
      frame_bytes: 65_536,
      text_chars: 16_000,
      frames_per_s: 50,
      sends_per_s: 20,
      user_sends_per_s: 30,
      connections_per_user: 10,
      send_budget_bytes: 1_048_576,
      receipts_live_max: 50,
    }),
  },
};
