import type { Api, Shapes } from '../lib/api';

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

export class Session {
  state: SessionState = $state.raw({ is: 'starting' });
  server: ServerInfo | null = $state.raw(null);
  readonly api: Api;

  constructor(api: Api) {
    this.api = api;
  }

  /** Finds out who is signed in. Also the way out of `unreachable`. */
  start(): Promise<void> {
    throw new Error('not yet');
  }

  /** Raises `Problem` where name or password are wrong, `Unreachable` where nobody answers. */
  logIn(_name: string, _password: string): Promise<void> {
    throw new Error('not yet');
  }

  register(_name: string, _password: string, _invite: string | null): Promise<void> {
    throw new Error('not yet');
  }

  setUp(_secret: string, _name: string, _password: string): Promise<void> {
    throw new Error('not yet');
  }

  /** Ends the session and forgets everything that this browser keeps of it, in every tab. */
  logOut(): Promise<void> {
    throw new Error('not yet');
  }

  /** What `PATCH /me` answered, so that the page shows it at once. */
  learn(_user: Shapes['User']): void {
    throw new Error('not yet');
  }

  token(_renew: boolean): Promise<string> {
    throw new Error('not yet');
  }

  dispose(): void {}
}
