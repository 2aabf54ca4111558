/** A real server process, and the people and chats of a test on it. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const TENFOUR = fileURLToPath(new URL('../../../.venv/bin/tenfour', import.meta.url));

/** Why the tests against a server cannot run; null where they can. */
export const noServer: string | null = existsSync(TENFOUR) ? null : `no server at ${TENFOUR}: run make`;

if (noServer !== null && process.env['TENFOUR_REQUIRE_ALL'] === '1') throw new Error(noServer);

/** What one machine with all the clients of a suite meets, and one user of a product does not. */
const RAISED: Readonly<Record<string, string>> = {
  TENFOUR_HANDSHAKES_PER_ADDRESS_S: '100000',
  TENFOUR_CONNECTIONS_PER_ADDRESS: '100000',
  TENFOUR_REQUESTS_PER_ADDRESS_S: '100000',
  TENFOUR_SENDS_PER_S: '5000',
  TENFOUR_USER_SENDS_PER_S: '5000',
  TENFOUR_FRAMES_PER_S: '10000',
};

/** `tenfour serve` in a process of its own, on a port that the system chooses. */
export class Server {
  url = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenfour-'));
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | null = null;
  #listen = '127.0.0.1:0';
  #key = '';
  #said = '';

  private constructor(settings: Readonly<Record<string, string>>) {
    this.#settings = { ...RAISED, ...settings };
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
    const server = new Server(settings);
    await server.start();
    server.#key = server.run('key', 'create', 'tests').trim();
    return server;
  }

  /** What a command says on the server's own machine. */
  run(...command: string[]): string {
    return execFileSync(TENFOUR, command, {
      env: this.#environment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs until it says where it is. A second start comes back on the same address. */
  async start(): Promise<void> {
    const child = spawn(TENFOUR, ['serve'], { env: this.#environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    child.stderr.on('data', (said: Buffer) => (this.#said += said.toString()));
    for await (const line of createInterface(child.stdout)) {
      if (!line.startsWith('Ready')) continue;
      child.stdout.resume();
      const told: unknown = JSON.parse(readFileSync(join(this.#folder, 'server.json'), 'utf8'));
      this.url = text(told, 'url');
      this.#listen = this.url.slice(this.url.indexOf('://') + 3);
      return;
    }
    throw new Error(`the server did not start: ${this.#said}`);
  }

  /** `kill -9`, unless another signal is named; returns once it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** Ends it for good, with its data. */
  async end(): Promise<void> {
    await this.kill('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A new person, whom no other test knows. */
  async person(name: string): Promise<Person> {
    const externalId = `${name}-${randomUUID()}`;
    const made = await this.ask('PUT', `users/${externalId}`, this.#key, { name });
    return new Person(this, externalId, text(made, 'id'), await this.token(externalId));
  }

  async token(externalId: string, expiresIn = 3600): Promise<string> {
    const made = await this.ask('POST', `users/${externalId}/tokens`, this.#key, { expires_in: expiresIn });
    return text(made, 'access_token');
  }

  async ask(method: string, path: string, token: string, body?: object): Promise<unknown> {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const asked = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`${this.url}/api/v1/${path}`, asked);
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
    return said === '' ? null : JSON.parse(said);
  }

  #environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TENFOUR_'));
    const own = { TENFOUR_DATA: this.#folder, TENFOUR_LISTEN: this.#listen, PYTHONUNBUFFERED: '1' };
    return { ...Object.fromEntries(inherited), ...own, ...this.#settings };
  }
}

/** Somebody with a token. */
export class Person {
  constructor(
    readonly server: Server,
    readonly externalId: string,
    readonly id: string,
    readonly token: string,
  ) {}

  ask(method: string, path: string, body?: object): Promise<unknown> {
    return this.server.ask(method, path, this.token, body);
  }

  /** A group of this person's with the others; its id. */
  async chat(...others: Person[]): Promise<string> {
    const wanted = { kind: 'group', title: 'Chat', members: others.map(({ id }) => id) };
    return text(await this.ask('POST', 'chats', wanted), 'id');
  }
}

function text(seen: unknown, name: string): string {
  const value: unknown = typeof seen === 'object' && seen !== null ? Reflect.get(seen, name) : undefined;
  if (typeof value !== 'string') throw new Error(`${JSON.stringify(seen)} has no ${name}`);
  return value;
}
