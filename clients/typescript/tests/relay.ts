/** A line between a client and a server that a test can cut or freeze. */

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Deferred } from '../src/deferred';

/** Passes bytes on, both ways, until told otherwise. */
export class Relay {
  url = '';
  /** Settled once somebody has connected. */
  readonly somebody = new Deferred<void>();
  readonly #lines = new Set<Socket>();
  readonly #server: Server;
  #empty = new Deferred<void>();
  #isFrozen = false;

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      this.somebody.resolve();
      const far = connect(Number(target.port), target.hostname);
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  static async to(url: string): Promise<Relay> {
    const relay = new Relay(new URL(url));
    await new Promise<void>((ready) => relay.#server.listen(0, '127.0.0.1', ready));
    const { port } = relay.#server.address() as AddressInfo;
    relay.url = `http://127.0.0.1:${port}`;
    return relay;
  }

  get open(): number {
    return this.#lines.size;
  }

  /** All lines are gone in this moment, with what was on its way. */
  cut(): void {
    this.#isFrozen = false;
    for (const line of this.#lines) line.destroy();
  }

  /** Nothing comes through any more, and nobody is told. */
  freeze(): void {
    this.#isFrozen = true;
    for (const line of this.#lines) line.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const line of this.#lines) line.resume();
  }

  /** Returns once no line is open. */
  async quiet(): Promise<void> {
    while (this.#lines.size > 0) await this.#empty.promise;
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.cut();
    await closed;
  }

  #join(from: Socket, to: Socket): void {
    this.#lines.add(from);
    if (this.#isFrozen) from.pause();
    from.on('data', (data) => to.write(data));
    from.on('error', () => undefined); // `close` follows
    from.on('close', () => {
      to.destroy();
      this.#lines.delete(from);
      this.#empty.resolve();
      this.#empty = new Deferred();
    });
  }
}
