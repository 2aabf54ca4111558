/** The examples of `docs/typescript-sdk.md`, run against a real server. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import * as sdk from '../src/index';
import { noServer, Server, type Person } from './server';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/typescript-sdk.md', import.meta.url)), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/```ts\n(.*?)```/gs)].map(([, example]) => example ?? '');

describe.skipIf(noServer !== null)(`the manual (${noServer ?? 'there'})`, () => {
  let server: Server;
  let ann: Person;

  beforeAll(async () => {
    server = await Server.start();
    ann = await server.person('ann');
    vi.stubGlobal('WebSocket', globalThis.WebSocket ?? WebSocket);
    vi.stubGlobal('console', { ...console, log: () => undefined, warn: () => undefined });
  });
  afterAll(async () => {
    vi.unstubAllGlobals();
    await server.end();
  });

  test.each(EXAMPLES)('example %# runs', async (example) => {
    await run(example, { url: server.url, token: ann.token, chatId: await ann.chat() });
  });
});

test.each([sdk.Client, sdk.Chat, sdk.Singles])('every public verb of $name is in the manual', ({ prototype }) => {
  const internal = ['constructor', 'post', 'listen', 'noteReceipt', 'transmit'];
  const verbs = Object.getOwnPropertyNames(prototype).filter((verb) => !internal.includes(verb));

  expect(verbs.filter((verb) => !new RegExp(`\\b${verb}\\b`).test(PAGE))).toEqual([]);
});

/** Runs an example as a module whose imports and free names are given. */
async function run(example: string, names: Record<string, string>): Promise<void> {
  const target = ts.ScriptTarget.ES2022;
  const { outputText } = ts.transpileModule(example, { compilerOptions: { target, module: ts.ModuleKind.ESNext } });
  const body = outputText.replace(/import (\{.*?\}) from '@tenfour\/client';/, 'const $1 = sdk;');
  const free = Object.keys(names);
  const made: unknown = Reflect.construct(AsyncFunction, ['sdk', ...free, body]);
  if (typeof made !== 'function') throw new Error('an example is a function');
  await Reflect.apply(made, undefined, [sdk, ...free.map((name) => names[name])]);
}

const AsyncFunction = async function (): Promise<void> {
  await Promise.resolve();
}.constructor;
