import type { Problem, Unreachable } from '../lib/api';
import type { Role } from './chats.svelte';
import type { Person } from './people.svelte';

export interface Member {
  readonly person: Person;
  readonly role: Role;
  /** Milliseconds since 1970. */
  readonly joinedAt: number;
}

export interface Members {
  readonly list: readonly Member[];
  readonly state: 'loading' | 'ready' | 'failed';
  readonly problem: Problem | Unreachable | null;
  readonly hasMore: boolean;
  more(): Promise<void>;
  retry(): Promise<void>;
  add(user: string): Promise<void>;
  remove(user: string): Promise<void>;
  setRole(user: string, role: Role): Promise<void>;
}
