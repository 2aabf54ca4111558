/**
 * What a browser saw: facts without verdicts, and no secrets.
 *
 * What is null was not reached or not measured, which is never the same as "nothing was found". Durations are milliseconds.
 */

import type { Address } from './address';
import type { Token } from './token';

/** The page that connects. */
export interface Page {
  /** As browsers write it; `null` for a page from a file. */
  readonly origin: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly isOnline: boolean;
}

/** An answer that this page may read. */
export interface Answered {
  readonly is: 'answered';
  readonly tookMs: number;
  readonly status: number;
  readonly type: string;
  /** The beginning of the body. */
  readonly head: string;
  readonly wasRedirected: boolean;
  /** The header `Server`, where it can be read. */
  readonly server: string;
  /** The version of HTTP, where the browser tells: `h2`. */
  readonly version: string;
}

/**
 * What became of a GET: `hidden` is an answer that the browser keeps from the page, since it is of another origin;
 * `failed` is none, and a browser does not say why.
 */
export type Asked = Answered | { readonly is: 'hidden' | 'failed' | 'timed_out'; readonly tookMs: number };

/** Why the server refused something: a row of its catalogue. */
export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** What Tenfour says to a page of any origin. */
export interface Greeting {
  readonly origin: string | null;
  /** The host as it arrived there. */
  readonly host: string;
  readonly secure: boolean;
  /** Why this page may not connect. */
  readonly refusal: Refused | null;
  readonly serverMs: number;
  /** The same moment by this machine's clock. */
  readonly localMs: number;
}

/**
 * One WebSocket, until `welcome` or what came in its place: `threw` by the browser itself, `refused` before it opened,
 * `hanging` without an answer, `silent` after it opened, `closed` before anything came.
 */
export interface Attempt {
  readonly outcome: 'threw' | 'refused' | 'hanging' | 'welcome' | 'closed' | 'silent' | 'other_frame';
  readonly tookMs: number;
  readonly openMs: number | null;
  /** The name of the error with which the browser refused it. */
  readonly threw: string | null;
  readonly subprotocol: string;
  readonly close: Close | null;
  /** The beginning of a first frame that is no `welcome`. */
  readonly first: string;
  /** The server's own words about this upgrade, where it has refused it. */
  readonly refused: Refused | null;
  /** Whether the policy of this page was in the way. */
  readonly byPolicy: boolean;
}

export interface Close {
  readonly code: number;
  readonly reason: string;
  /** Whether `error` came before it: then the browser broke off, else the line was cut. */
  readonly hadError: boolean;
}

/** A message sent on one connection and awaited on a second one, in a chat made for it. */
export interface Delivery {
  readonly tookMs: number;
  readonly ackMs: number | null;
  readonly receivedMs: number | null;
  /** The code with which something was refused. */
  readonly error: string | null;
}

/** How a connection that had worked came to its end. */
export interface Ended {
  readonly livedMs: number;
  /** Since the last frame, of either side. */
  readonly silentMs: number;
  /** For how long nobody had looked at the page. */
  readonly hiddenMs: number;
  readonly close: Close;
  /** Whether the server answered afterwards. */
  readonly isServerThere: boolean | null;
}

export type Carrier = 'subprotocol' | 'query' | 'first_frame';

export interface Evidence {
  readonly page: Page;
  readonly address: Address;
  readonly chat: string;
  readonly token: Token;
  readonly carrier: Carrier;
  /** A GET of what Tenfour tells to every page. */
  readonly http: Asked | null;
  readonly greeting: Greeting | null;
  /** The same by the other scheme, where the first was not answered by Tenfour. */
  readonly otherScheme: (Asked & { readonly isTenfour: boolean }) | null;
  /** Why the server does not call itself ready; empty when it does. */
  readonly notReady: readonly string[] | null;
  readonly attempt: Attempt | null;
  /** The same without a subprotocol. */
  readonly bare: Attempt | null;
  /** A GET of the door itself. */
  readonly door: Asked | null;
  /** The same token as the first frame, where the server says that none came. */
  readonly byFrame: Attempt | null;
  readonly tripsMs: readonly number[] | null;
  readonly delivery: Delivery | null;
  readonly ended: Ended | null;
}

/** Before anything was looked for. */
export function nothing(page: Page, address: Address, chat: string, token: Token, carrier: Carrier): Evidence {
  return {
    page,
    address,
    chat,
    token,
    carrier,
    http: null,
    greeting: null,
    otherScheme: null,
    notReady: null,
    attempt: null,
    bare: null,
    door: null,
    byFrame: null,
    tripsMs: null,
    delivery: null,
    ended: null,
  };
}
