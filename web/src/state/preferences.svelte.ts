/** What a person likes, on this device: kept in localStorage, the same in every tab. */

export interface Liking {
  theme: 'system' | 'light' | 'dark';
  density: 'comfortable' | 'compact';
  /** A language of ours; null: what the browser says. */
  language: string | null;
  /** Enter sends, Shift+Enter makes a line; else the other way round. */
  enterSends: boolean;
  /** Shortcuts of one letter. */
  singleKeys: boolean;
  sendTyping: boolean;
  notifications: boolean;
  sound: boolean;
}

const KEY = 'tenfour.preferences';

const DEFAULTS: Readonly<Liking> = {
  theme: 'system',
  density: 'comfortable',
  language: null,
  enterSends: true,
  singleKeys: true,
  sendTyping: true,
  notifications: false,
  sound: false,
};

export class Preferences {
  #liking: Liking = $state.raw(DEFAULTS);
  #storage: Storage | null;
  #listening = new AbortController();
  /** Why choices last for this visit only; null where they are kept. */
  trouble: string | null = $state(null);

  constructor(page: Window = window) {
    this.#storage = this.#open(page);
    this.#liking = this.#read();
    page.addEventListener(
      'storage',
      (event) => {
        if (event.key === KEY || event.key === null) this.#liking = this.#read();
      },
      { signal: this.#listening.signal },
    );
  }

  get theme() {
    return this.#liking.theme;
  }
  set theme(value: Liking['theme']) {
    this.#change({ theme: value });
  }

  get density() {
    return this.#liking.density;
  }
  set density(value: Liking['density']) {
    this.#change({ density: value });
  }

  get language() {
    return this.#liking.language;
  }
  set language(value: Liking['language']) {
    this.#change({ language: value });
  }

  get enterSends() {
    return this.#liking.enterSends;
  }
  set enterSends(value: boolean) {
    this.#change({ enterSends: value });
  }

  get singleKeys() {
    return this.#liking.singleKeys;
  }
  set singleKeys(value: boolean) {
    this.#change({ singleKeys: value });
  }

  get sendTyping() {
    return this.#liking.sendTyping;
  }
  set sendTyping(value: boolean) {
    this.#change({ sendTyping: value });
  }

  get notifications() {
    return this.#liking.notifications;
  }
  set notifications(value: boolean) {
    this.#change({ notifications: value });
  }

  get sound() {
    return this.#liking.sound;
  }
  set sound(value: boolean) {
    this.#change({ sound: value });
  }

  dispose(): void {
    this.#listening.abort();
  }

  #change(change: Partial<Liking>): void {
    this.#liking = { ...this.#liking, ...change };
    try {
      this.#storage?.setItem(KEY, JSON.stringify(this.#liking));
    } catch (cause) {
      this.trouble = nameOf(cause);
    }
  }

  #open(page: Window): Storage | null {
    try {
      return page.localStorage; // throws where the browser forbids it
    } catch (cause) {
      this.trouble = nameOf(cause);
      return null;
    }
  }

  #read(): Liking {
    const text = this.#storage?.getItem(KEY) ?? null;
    return text === null ? DEFAULTS : likingOf(text);
  }
}

/** What was kept, and the default for whatever is not what it should be. */
export function likingOf(text: string): Liking {
  const kept = parsed(text);
  const one = <const T extends string>(name: keyof Liking, values: readonly T[], otherwise: T): T =>
    values.find((value) => value === kept[name]) ?? otherwise;
  const flag = (name: keyof Liking, otherwise: boolean): boolean => {
    const value = kept[name];
    return typeof value === 'boolean' ? value : otherwise;
  };
  return {
    theme: one('theme', ['system', 'light', 'dark'], DEFAULTS.theme),
    density: one('density', ['comfortable', 'compact'], DEFAULTS.density),
    language: typeof kept['language'] === 'string' ? kept['language'] : DEFAULTS.language,
    enterSends: flag('enterSends', DEFAULTS.enterSends),
    singleKeys: flag('singleKeys', DEFAULTS.singleKeys),
    sendTyping: flag('sendTyping', DEFAULTS.sendTyping),
    notifications: flag('notifications', DEFAULTS.notifications),
    sound: flag('sound', DEFAULTS.sound),
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch (cause) {
    if (cause instanceof SyntaxError) return {};
    throw cause;
  }
}

function nameOf(cause: unknown): string {
  return cause instanceof DOMException ? cause.name : String(cause);
}
