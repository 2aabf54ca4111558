/** What the whole page shares: the address, who is signed in, what they like, and their messages. */

import { createContext } from 'svelte';
import { Router } from '../lib/router.svelte';
import type { Messenger } from './messenger.svelte';
import { Preferences } from './preferences.svelte';
import type { Session } from './session.svelte';

export class App {
  readonly router = new Router();
  readonly preferences = new Preferences();
  readonly session: Session;
  /** There while somebody is signed in. */
  messenger: Messenger | null = $state.raw(null);

  constructor(session: Session) {
    this.session = session;
  }

  dispose(): void {
    this.messenger?.dispose();
    this.session.dispose();
    this.preferences.dispose();
    this.router.dispose();
  }
}

export const [getApp, setApp] = createContext<App>();
export const [getMessenger, setMessenger] = createContext<Messenger>();
