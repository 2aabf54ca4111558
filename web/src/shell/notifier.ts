import { paths } from '../lib/router.svelte';
import type { Open } from '../worker/messages';
import type { Arrived } from '../state/messenger.svelte';

/** How the page stands at the moment that a message comes. */
export interface Situation {
  readonly notifications: boolean;
  readonly sound: boolean;
  readonly permission: NotificationPermission | 'unsupported';
  /** The page has the focus of the system. */
  readonly focused: boolean;
  /** The chat that is open in it, and whether one is at its bottom. */
  readonly open: string | null;
  readonly atBottom: boolean;
  /** This tab is the one that speaks for all. */
  readonly speaks: boolean;
}

export interface Signals {
  readonly notification: boolean;
  readonly sound: boolean;
}

const SILENCE: Signals = { notification: false, sound: false };

/** What a message sets off: nothing for what is being read, nor for what was only replayed; one tab speaks for all. */
export function signalsFor(arrived: Pick<Arrived, 'chat' | 'live'>, now: Situation): Signals {
  const isRead = now.focused && now.open === arrived.chat && now.atBottom;
  if (!arrived.live || isRead || !now.speaks) return SILENCE;
  return {
    notification: now.notifications && now.permission === 'granted' && !now.focused,
    sound: now.sound,
  };
}

/** A chat's notification on the desktop: a newer message of it takes the old one's place. */
export class Notices {
  readonly #shown = new Map<string, Notification>();
  readonly #onopen: (chat: string) => void;

  constructor(onopen: (chat: string) => void) {
    this.#onopen = onopen;
  }

  async show(chat: string, title: string, body: string): Promise<void> {
    const data: Open = { is: 'open', path: paths.chat(chat) };
    const options: NotificationOptions = { body, tag: chat, icon: '/icons/192.png', data };
    const registration = await navigator.serviceWorker?.getRegistration();
    // Phones know no other way, and a click finds the app even when its last tab is gone.
    if (registration !== undefined && registration.active !== null)
      return registration.showNotification(title, options);
    const notification = new Notification(title, options);
    notification.addEventListener('click', () => {
      window.focus();
      this.#onopen(chat);
      notification.close();
    });
    this.#shown.set(chat, notification);
  }

  /** The chat has been read, here or on another device. */
  async close(chat: string): Promise<void> {
    this.#shown.get(chat)?.close();
    this.#shown.delete(chat);
    const registration = await navigator.serviceWorker?.getRegistration();
    for (const notification of (await registration?.getNotifications({ tag: chat })) ?? []) notification.close();
  }
}
