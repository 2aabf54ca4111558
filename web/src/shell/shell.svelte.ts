import { createContext } from 'svelte';
import { MediaQuery } from 'svelte/reactivity';
import { keep, kept } from './kept';
import { paths, type Router } from '../lib/router.svelte';

/** The one dialog that is open. */
export type Dialog =
  | { readonly is: 'newChat'; readonly kind: 'direct' | 'group' | 'channel' }
  | { readonly is: 'channels' }
  | { readonly is: 'addPeople'; readonly chat: string }
  | { readonly is: 'rename'; readonly chat: string }
  | { readonly is: 'leave'; readonly chat: string }
  | { readonly is: 'remove'; readonly chat: string; readonly user: string }
  | { readonly is: 'switcher' }
  | { readonly is: 'shortcuts' }
  | { readonly is: 'connection' }
  | { readonly is: 'logOut' };

export const LIST_WIDTH = { least: 240, most: 360, usual: 280 } as const;

/** What the messages page shows around the conversation: its panes, and the dialog that is open. */
export class Shell {
  readonly wide = new MediaQuery('width >= 1200px');
  readonly phone = new MediaQuery('width < 768px');
  readonly #router: Router;
  #dialog = $state<Dialog | null>(null);
  #details = $state(kept('details') === 'open');
  #listWidth = $state(bounded(Number(kept('list-width') ?? LIST_WIDTH.usual)));

  constructor(router: Router) {
    this.#router = router;
  }

  get dialog(): Dialog | null {
    return this.#dialog;
  }

  open(dialog: Dialog): void {
    this.#dialog = dialog;
  }

  close(): void {
    this.#dialog = null;
  }

  get listWidth(): number {
    return this.#listWidth;
  }

  set listWidth(px: number) {
    this.#listWidth = bounded(px);
    keep('list-width', String(this.#listWidth));
  }

  /** Beside the conversation there is room on a wide screen; elsewhere the details are a page with a URL. */
  get detailsOpen(): boolean {
    return this.#router.route.name === 'details' || (this.wide.current && this.#details);
  }

  toggleDetails(chat: string): void {
    const open = !this.detailsOpen;
    if (this.wide.current) {
      this.#details = open;
      keep('details', open ? 'open' : 'closed');
    }
    if (!open) this.#router.go(paths.chat(chat), { replace: true });
    else if (!this.wide.current) this.#router.go(paths.details(chat));
  }
}

export const [getShell, setShell] = createContext<Shell>();

function bounded(px: number): number {
  return Math.min(LIST_WIDTH.most, Math.max(LIST_WIDTH.least, Number.isFinite(px) ? px : LIST_WIDTH.usual));
}
