export type ConnectionStatus =
  | { readonly is: 'connecting'; readonly since: number }
  | { readonly is: 'connected' }
  /** `inS`: whole seconds until the next attempt. */
  | { readonly is: 'reconnecting'; readonly inS: number; readonly why: string }
  /** The browser says that there is no network, or messages wait while nobody answers. */
  | { readonly is: 'offline'; readonly waiting: number; readonly inS: number | null; readonly why: string | null }
  | {
      readonly is: 'refused';
      readonly code: string;
      readonly reason: string;
      readonly advice: string;
      readonly action: 'sign_in' | 'retry' | 'none';
    };

export interface Transition {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** What plain http, or this browser, does not have. */
export type Missing = 'notifications' | 'offline_start' | 'install' | 'clipboard' | 'kept_messages';

export class ConnectionView {
  status: ConnectionStatus = $state.raw({ is: 'connecting', since: 0 });
  /** Whether there is something to say: not within the first 2 s of an interruption. */
  visible = $state(false);
  /** Messages without an answer. */
  waiting = $state(0);
  latencyMs: number | null = $state(null);
  /** The connection's id, as the server's log has it. */
  id: string | null = $state(null);
  node: string | null = $state(null);
  /** Since when it is connected, milliseconds since 1970. */
  since: number | null = $state(null);
  epoch: string | null = $state(null);
  /** The last event that came, of whatever chat. */
  lastSeq: { chat: string; seq: number } | null = $state.raw(null);
  /** The last 200, oldest first. */
  log: readonly Transition[] = $state.raw([]);
  missing: readonly Missing[] = $state.raw([]);

  /** All of it, to be sent to support: no names, no texts, no tokens. */
  asText(): string {
    throw new Error('not yet');
  }

  /** Connects now; after a refusal too. */
  tryNow(): void {
    throw new Error('not yet');
  }
}
