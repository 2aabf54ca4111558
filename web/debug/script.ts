/** `node websocket-test.js`: one client against a live server, step by step. The exit code is the number of the step that failed. */

import { Basics, BASICS } from './basics';
import { lineOf, Log } from './log';
import { runSteps, type Result } from './scenario';
import { hidden } from './secrets';

const USAGE = `Usage: node websocket-test.js --url URL --chat ID [--token TOKEN] [--frames]

Connects to a chat of a Tenfour server and tries, in this order:
${BASICS.map(({ name }, at) => `  ${at + 1}  ${name}`).join('\n')}

  --url URL      the server's address: wss://chat.example.org
  --chat ID      a chat of the user's; its members see three messages
  --token TOKEN  the user's access token [TENFOUR_TOKEN]
  --frames       shows what goes out and comes in

Exit code: 0, or the number of the step that failed; 64 for wrong use.
Needs Node 20.16 or newer, and nothing else.`;
const WRONG_USE = 64;
const SWITCH = '--experimental-websocket';
const OPTIONS = ['url', 'chat', 'token'] as const;

type Given = Partial<Record<(typeof OPTIONS)[number] | 'frames' | 'help', string>>;

class WrongUse extends Error {}

function read(words: readonly string[]): Given {
  const given: Given = {};
  for (let at = 0; at < words.length; at += 1) {
    const [name = '', value] = (words[at] ?? '').replace(/^--/, '').split(/=(.*)/s);
    if (name === 'frames' || name === 'help') given[name] = 'yes';
    else if (words[at]?.startsWith('--') === true && OPTIONS.some((each) => each === name)) {
      given[name as (typeof OPTIONS)[number]] = value ?? words[(at += 1)] ?? '';
    } else throw new WrongUse(`I do not know “${hidden(words[at] ?? '')}”.`);
  }
  return given;
}

async function main(): Promise<number> {
  const { help, frames, ...given } = read(process.argv.slice(2));
  if (help !== undefined) {
    say(USAGE);
    return 0;
  }
  // Not process.env: the build would make it {}.
  const { env } = process;
  const { url, chat, token = env['TENFOUR_TOKEN'] } = given;
  if (url === undefined || chat === undefined || token === undefined)
    throw new WrongUse('Give --url, --chat and --token.');
  let shown = 0;
  const log = new Log((entries) => {
    if (frames === undefined) return;
    for (const entry of entries) if (entry.id > shown) say(`      ${lineOf(entry)}`, (shown = entry.id));
  });
  log.conceal(token);
  const world = new Basics(url, chat, token, log);
  let told = 0;
  const results = await runSteps(BASICS, world, (each) => {
    for (const [at, result] of each.entries())
      if (at >= told && isOver(result)) say(lineOfResult(result, (told = at + 1)));
  });
  await world.close();
  const failed = results.findIndex(({ is }) => is === 'failed');
  say(failed < 0 ? 'All steps passed.' : `Failed at step ${failed + 1}, ${results[failed]?.name ?? ''}.`);
  return failed + 1;
}

const isOver = ({ is }: Result): boolean => is !== 'waiting' && is !== 'running';

function lineOfResult({ name, is, says, tookMs }: Result, number: number): string {
  return `${is === 'passed' ? 'ok  ' : 'FAIL'} ${number} ${name.padEnd(10)} ${says} (${Math.round(tookMs)} ms)`;
}

function say(text: string, _?: unknown): void {
  process.stdout.write(`${text}\n`);
}

/** Node 20 has WebSocket behind a switch: with it the script starts itself once more. */
function startAgain(): number {
  const isOld = typeof process.getBuiltinModule !== 'function';
  if (isOld || process.execArgv.includes(SWITCH)) {
    process.stderr.write(`This is Node ${process.versions.node}, which has no WebSocket: take 20.16 or newer.\n`);
    return WRONG_USE;
  }
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status } = spawnSync(process.execPath, [SWITCH, '--no-warnings', ...process.argv.slice(1)], {
    stdio: 'inherit',
  });
  return status ?? 1;
}

const UNFINISHED = 70;

async function run(): Promise<void> {
  // What Node would end with if it found nothing left to do before the steps are over.
  process.exitCode = UNFINISHED;
  try {
    process.exitCode = typeof WebSocket === 'undefined' ? startAgain() : await main();
  } catch (cause) {
    if (!(cause instanceof WrongUse)) throw cause;
    process.stderr.write(`${cause.message}\n\n${USAGE}\n`);
    process.exitCode = WRONG_USE;
  }
}

void run();
