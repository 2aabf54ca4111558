/** Who is signed in. The access token is in memory only; the refresh token is in a cookie that no script can read. */

import { Api, Problem, Unreachable, type Shapes } from '../lib/api';

export type ServerInfo = Shapes['Server'];

/** Who is signed in, as far as the page itself needs it; `messenger.people` has the rest. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly avatar: string | null;
  readonly colour: string | null;
  readonly admin: boolean;
}

export type SessionState =
  | { readonly is: 'starting' }
  | { readonly is: 'setup_needed' }
  /** `why`: the code of the refusal that ended the session; null where nobody was signed in, or logged out. */
  | { readonly is: 'signed_out'; readonly why: string | null }
  /** `offline`: the server could not be asked yet; what was loaded before can be read. */
  | { readonly is: 'signed_in'; readonly me: Me; readonly offline: boolean }
  /** Nobody answers, and nothing is known of a person. */
  | { readonly is: 'unreachable'; readonly why: string };

interface AccessToken {
  readonly text: string;
  /** Milliseconds of `performance.now`. */
  readonly until: number;
}

type Opened = Shapes['SessionOpened'];

/** What tabs of one browser tell each other. */
type Told =
  { readonly type: 'signed_out'; readonly why: string | null } | { readonly type: 'signed_in'; readonly user: string };

const KNOWN_USER = 'tenfour.user';
/** Of whom this browser keeps something, signed in or not. */
const KEPT_OF = 'tenfour.kept';
/** Somebody has logged out, and the server does not know it yet. */
const LEAVING = 'tenfour.leaving';
const LOCK = 'tenfour.refresh';
const SPARE_MS = 20_000;

export class Session {
  readonly api: Api;
  #state: SessionState = $state.raw({ is: 'starting' });
  #server: ServerInfo | null = $state.raw(null);
  /** Asks as nobody: what needs no token, or makes one. */
  #open: Api;
  #token: AccessToken | null = null;
  #refreshing: Promise<string> | null = null;
  #channel: BroadcastChannel;
  #changed: (state: SessionState) => void;

  /** `changed` is told each state. */
  constructor(origin: string, changed: (state: SessionState) => void = () => undefined, send?: typeof fetch) {
    this.#changed = changed;
    this.#open = new Api(origin, null, send);
    this.api = new Api(origin, (renew) => this.token(renew), send);
    this.#channel = new BroadcastChannel('tenfour.session');
    this.#channel.onmessage = ({ data }: MessageEvent<Told>) => this.#heard(data);
  }

  get state(): SessionState {
    return this.#state;
  }

  get server(): ServerInfo | null {
    return this.#server;
  }

  /** Finds out who is signed in. Also the way out of `unreachable`. */
  async start(): Promise<void> {
    const known = knownUser();
    if (known === null) this.#become({ is: 'starting' });
    else this.#become({ is: 'signed_in', me: known, offline: true });
    try {
      // Asked together: a signed-in person waits for one round trip. Where nobody was signed in there is no cookie to ask with.
      const signingIn = known !== null || isLeaving() || !canStore() ? this.#signIn() : false;
      const [server, isSignedIn] = await Promise.all([this.#learnServer(), signingIn]);
      if (isSignedIn) await this.#learnMe();
      else if (!server.set_up) this.#become({ is: 'setup_needed' });
      else if (this.#state.is === 'starting') this.#become({ is: 'signed_out', why: null });
    } catch (cause) {
      this.#couldNotStart(cause, known);
    }
  }

  /** The server answers again: who was shown from memory is asked for. */
  async reached(): Promise<void> {
    if (this.#state.is !== 'signed_in' || !this.#state.offline) return;
    try {
      await Promise.all([this.#learnServer(), this.#learnMe()]);
    } catch (cause) {
      // The next connection tries again; a refusal has its own way.
      if (!(cause instanceof Unreachable || cause instanceof Problem)) throw cause;
    }
  }

  /** Raises `Problem` where name or password are wrong, `Unreachable` where nobody answers. */
  async logIn(name: string, password: string): Promise<void> {
    const opened = await this.#open.post('/api/v1/sessions', { body: { name, password, cookie: true } });
    stored((storage) => storage.removeItem(LEAVING));
    this.#take(opened);
    const user = await this.api.get('/api/v1/me', {});
    // What is kept of somebody else, whose session ended by itself, is not for this one.
    const before = stored((storage) => storage.getItem(KEPT_OF));
    if (before !== null && before !== user.id) await forgetEverythingOf(before);
    this.learn(user);
    this.#tell({ type: 'signed_in', user: user.id });
  }

  async register(name: string, password: string, invite: string | null = null): Promise<void> {
    await this.#open.post('/api/v1/accounts', { body: { name, password, invite } });
    await this.logIn(name, password);
  }

  async setUp(secret: string, name: string, password: string): Promise<void> {
    await this.#open.post('/api/v1/setup', { body: { secret, name, password } });
    await this.#learnServer();
    await this.logIn(name, password);
  }

  /**
   * Ends the session and forgets everything that this browser keeps of it, in every tab.
   *
   * Raises `Unreachable` where the server could not be told: it is told at the next start, and nobody is signed in here.
   */
  async logOut(): Promise<void> {
    const user = this.#state.is === 'signed_in' ? this.#state.me.id : null;
    stored((storage) => storage.setItem(LEAVING, 'yes'));
    try {
      await this.#endOnServer();
    } finally {
      this.#end(null);
      this.#tell({ type: 'signed_out', why: null });
      await this.#forget(user);
    }
  }

  /** What the server answered to a change of one's profile, so that the page shows it at once. */
  learn(user: Shapes['User']): void {
    const me: Me = {
      id: user.id,
      name: user.name,
      avatar: user.avatar,
      colour: user.avatar_colour,
      admin: user.admin ?? false,
    };
    keepUser(me);
    this.#become({ is: 'signed_in', me, offline: false });
  }

  /** The connection was refused for good, because of who asked. */
  refused(code: string): void {
    if (isLeaving() || this.#state.is !== 'signed_in') return;
    const user = this.#state.me.id;
    this.#end(code);
    // Somebody has ended this session on purpose: what is kept of it goes too, as after a log-out.
    if (code === 'token_revoked') void this.#forget(user);
  }

  /** An access token; with `renew` another one than the last. Raises `Problem` where the session is over. */
  async token(renew: boolean): Promise<string> {
    if (!renew && this.#token !== null && performance.now() < this.#token.until) return this.#token.text;
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  dispose(): void {
    this.#channel.close();
  }

  /** Whether there is a session. One that was to be ended while the server was away is ended now. */
  async #signIn(): Promise<boolean> {
    try {
      await this.token(true);
      if (!isLeaving()) return true;
      await this.#endOnServer();
      this.#end(null);
      return false;
    } catch (cause) {
      if (cause instanceof Problem && this.#state.is === 'signed_out') return false;
      throw cause;
    }
  }

  async #forget(user: string | null): Promise<void> {
    await forgetEverythingOf(user);
    stored((storage) => storage.removeItem(KEPT_OF));
  }

  async #endOnServer(): Promise<void> {
    try {
      await this.api.delete('/api/v1/sessions/{session}', { path: { session: 'current' } });
    } catch (cause) {
      // Refused: the session is gone already, which is what was wanted.
      if (!(cause instanceof Problem)) throw cause;
    }
    stored((storage) => storage.removeItem(LEAVING));
  }

  async #refresh(): Promise<string> {
    const refresh = () => this.#open.post('/api/v1/sessions/refresh', {});
    try {
      // With a lock tabs take turns; without one the server gives tabs that ask together the same successor.
      const opened = 'locks' in navigator ? await navigator.locks.request(LOCK, refresh) : await refresh();
      this.#take(opened);
      return opened.access_token;
    } catch (cause) {
      if (cause instanceof Problem && (cause.status === 401 || cause.status === 403)) this.#end(cause.code);
      throw cause;
    }
  }

  #take(opened: Opened): void {
    this.#token = { text: opened.access_token, until: performance.now() + opened.expires_in * 1000 - SPARE_MS };
  }

  async #learnServer(): Promise<ServerInfo> {
    const server = await this.#open.get('/api/v1/server', {});
    this.#server = server;
    return server;
  }

  async #learnMe(): Promise<void> {
    this.learn(await this.api.get('/api/v1/me', {}));
  }

  #couldNotStart(cause: unknown, known: Me | null): void {
    const why = cause instanceof Unreachable ? cause.why : cause instanceof Problem ? cause.code : null;
    if (why === null) throw cause;
    this.#become(known === null ? { is: 'unreachable', why } : { is: 'signed_in', me: known, offline: true });
  }

  /** Nobody is signed in any more. That nobody was before needs no reason. */
  #end(why: string | null): void {
    const wasKnown = knownUser() !== null;
    this.#token = null;
    forgetUser();
    this.#become({ is: 'signed_out', why: wasKnown ? why : null });
  }

  #heard(told: Told): void {
    const { state } = this;
    if (told.type === 'signed_out' && (state.is === 'signed_in' || state.is === 'signed_out')) {
      this.#token = null;
      this.#become({ is: 'signed_out', why: told.why });
    } else if (told.type === 'signed_in' && !(state.is === 'signed_in' && state.me.id === told.user)) {
      this.#token = null; // the cookie is another one now
      void this.start();
    }
  }

  #become(state: SessionState): void {
    this.#state = state;
    this.#changed(state);
  }

  #tell(told: Told): void {
    this.#channel.postMessage(told);
  }
}

function isLeaving(): boolean {
  return stored((storage) => storage.getItem(LEAVING)) !== null;
}

/** Who was signed in last: enough to show what is kept of theirs before the server has answered. */
function knownUser(): Me | null {
  const text = stored((storage) => storage.getItem(KNOWN_USER));
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  return isMe(value) ? value : null;
}

function keepUser(me: Me): void {
  stored((storage) => storage.setItem(KNOWN_USER, JSON.stringify(me)));
  stored((storage) => storage.setItem(KEPT_OF, me.id));
}

function forgetUser(): void {
  stored((storage) => storage.removeItem(KNOWN_USER));
}

function canStore(): boolean {
  return stored((storage) => storage.length) !== null;
}

/** Null where the browser stores nothing: then nobody is known before the server has answered, which is all that it costs. */
function stored<T>(use: (storage: Storage) => T): T | null {
  try {
    return use(localStorage);
  } catch (cause) {
    if (cause instanceof DOMException) return null;
    throw cause;
  }
}

function isMe(value: unknown): value is Me {
  return typeof value === 'object' && value !== null && 'id' in value && 'name' in value && 'admin' in value;
}

/** Deletes what this browser keeps of somebody. What speaks to IndexedDB is not part of the first load. */
async function forgetEverythingOf(user: string | null): Promise<void> {
  const { forgetEverything } = await import('../lib/kept');
  await forgetEverything(user);
}
