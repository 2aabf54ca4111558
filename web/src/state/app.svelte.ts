/** What the whole page shares: the address, who is signed in, what they like, and their messages. */

import { createContext } from 'svelte';
import { Router } from '../lib/router.svelte';
import { Messenger } from './messenger.svelte';
import { Preferences } from './preferences.svelte';
import { Session, type Me, type SessionState } from './session.svelte';

export class App {
  readonly router = new Router();
  readonly preferences = new Preferences();
  readonly session: Session;
  #messenger: Messenger | null = $state.raw(null);
  #origin: string;

  constructor(origin: string = location.origin) {
    this.#origin = origin;
    this.session = new Session(origin, (state) => this.#sessionChanged(state));
  }

  /** There while somebody is signed in. */
  get messenger(): Messenger | null {
    return this.#messenger;
  }

  /** Finds out who is signed in, and connects. */
  start(): Promise<void> {
    return this.session.start();
  }

  dispose(): void {
    this.#messenger?.dispose();
    this.session.dispose();
    this.preferences.dispose();
    this.router.dispose();
  }

  #sessionChanged(state: SessionState): void {
    if (state.is !== 'signed_in') this.#leave();
    else if (this.#messenger?.me.id !== state.me.id) this.#enter(state.me);
    else this.#messenger.learnMe(state.me);
  }

  #enter(me: Me): void {
    this.#leave();
    const messenger = new Messenger({
      origin: this.#origin,
      me,
      token: (renew) => this.session.token(renew),
      preferences: this.preferences,
      onRefused: (code) => this.session.refused(code),
      onConnected: () => void this.session.reached(),
    });
    this.#messenger = messenger;
    void messenger.start();
  }

  #leave(): void {
    this.#messenger?.dispose();
    this.#messenger = null;
  }
}

export const [getApp, setApp] = createContext<App>();
export const [getMessenger, setMessenger] = createContext<Messenger>();
