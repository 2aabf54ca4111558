/** Text to frames and back. What a server leaves out has its default afterwards. */

import {
  EVENT_DEFAULTS,
  TOLD_DEFAULTS,
  type AnyEvent,
  type ClientFrame,
  type ServerFrame,
} from './generated/frames.js';

export function encode(frame: ClientFrame): string {
  return JSON.stringify(frame);
}

/**
 * The frame that a server sent; null for a type that this version does not know.
 *
 * Throws `SyntaxError` for what is no frame at all: no JSON, or no object with a type.
 */
export function decode(text: string): ServerFrame | null {
  return frameOf(JSON.parse(text));
}

/** The same for the events of a page of the history. */
export function eventsOf(items: readonly unknown[]): AnyEvent[] {
  return items.map(frameOf).filter(isEvent);
}

export function isEvent(frame: ServerFrame | null): frame is AnyEvent {
  return frame !== null && (frame.type === 'other_event' || isIn(EVENT_DEFAULTS, frame.type));
}

/** What every frame has, and what makes it an event; whatever else it has is the server's to get right. */
interface Tagged {
  readonly type: string;
  readonly chat?: unknown;
  readonly seq?: unknown;
}

function frameOf(seen: unknown): ServerFrame | null {
  if (!isTagged(seen)) throw new SyntaxError('A frame is an object with a type.');
  const { type, chat, seq } = seen;
  if (isIn(TOLD_DEFAULTS, type)) return completed(TOLD_DEFAULTS[type], seen);
  if (typeof chat !== 'string' || !isSeq(seq)) return null;
  if (isIn(EVENT_DEFAULTS, type)) return completed(EVENT_DEFAULTS[type], seen);
  // What has a place in a chat is an event whatever its type: to pass over it would be a gap.
  return { type: 'other_event', kind: type, chat, seq };
}

function completed(defaults: object, seen: Tagged): ServerFrame {
  const frame = { ...defaults, ...seen };
  return frame as ServerFrame;
}

function isTagged(seen: unknown): seen is Tagged {
  return typeof seen === 'object' && seen !== null && 'type' in seen && typeof seen.type === 'string';
}

function isIn<T extends object>(table: T, type: PropertyKey): type is keyof T {
  return Object.hasOwn(table, type);
}

function isSeq(seq: unknown): seq is number {
  return Number.isSafeInteger(seq);
}
