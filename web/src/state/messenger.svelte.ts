import type { Api } from '../lib/api';
import type { Chats } from './chats.svelte';
import type { ConnectionView } from './connection.svelte';
import type { Conversation } from './conversation.svelte';
import type { Drafts } from './drafts.svelte';
import type { People, Person } from './people.svelte';

/** Everything of one signed-in person. */
export interface Messenger {
  readonly me: Person;
  readonly api: Api;
  readonly connection: ConnectionView;
  readonly chats: Chats;
  readonly people: People;
  readonly drafts: Drafts;
  /** The longest text that the server takes, in characters. */
  readonly textChars: number;
  /** Always the same object for a chat that is open. */
  conversation(chat: string): Conversation;
  /** A message by somebody else came; for notifications and what is read aloud. What comes back ends it. */
  onMessage(listener: (arrived: Arrived) => void): () => void;
  dispose(): void;
}

export interface Arrived {
  readonly chat: string;
  readonly seq: number;
  readonly by: Person;
  readonly text: string;
  readonly mentioned: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether it came as it was sent, and not in the replay after an interruption. */
  readonly live: boolean;
}
