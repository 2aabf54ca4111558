/** People of a test, each with a messenger of their own on a real server. */

import 'fake-indexeddb/auto';
import { WebSocket } from 'ws';
import type { Person, Server } from '../../../clients/typescript/tests/server';
import type { Conversation } from '../../src/state/conversation.svelte';
import type { MessageRow } from '../../src/state/message';
import { Messenger, type MessengerOptions } from '../../src/state/messenger.svelte';

const open = new Set<Messenger>();

export interface Device {
  readonly person: Person;
  readonly messenger: Messenger;
}

/** Somebody opens the page. */
export function device(server: Server, person: Person, more: Partial<MessengerOptions> = {}): Messenger {
  const messenger = new Messenger({
    origin: server.url,
    me: { id: person.id, name: nameOf(person), avatar: null, colour: null, admin: false },
    token: () => Promise.resolve(person.token),
    preferences: { sendTyping: true },
    client: { webSocket: WebSocket },
    ...more,
  });
  open.add(messenger);
  void messenger.start();
  return messenger;
}

/** The page is closed; what it keeps stays. */
export async function leave(messenger: Messenger): Promise<void> {
  open.delete(messenger);
  messenger.dispose();
  await messenger.client.close();
}

export async function leaveAll(): Promise<void> {
  await Promise.all([...open].map(leave));
}

export function nameOf(person: Person): string {
  return person.externalId.slice(0, person.externalId.indexOf('-'));
}

export function messages(conversation: Conversation): readonly MessageRow['message'][] {
  return conversation.rows.flatMap((row) => (row.kind === 'message' ? [row.message] : []));
}

export function texts(conversation: Conversation): (string | null)[] {
  return messages(conversation).map(({ text }) => text);
}

export function statuses(conversation: Conversation): string[] {
  return messages(conversation).map(({ status }) => status);
}
