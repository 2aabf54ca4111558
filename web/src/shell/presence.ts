import type { Texts } from '../lib/texts/index.svelte';
import type { ChatEntry } from '../state/chats.svelte';

/** The line under a chat's title: who types, whether the other one is there, or how many members it has. */
export function presenceLine(chat: ChatEntry, texts: Texts): string {
  if (chat.gone !== null) return texts.chats.gone[chat.gone];
  if (chat.other !== null) return chat.other.online === null ? '' : texts.presence[chat.other.online];
  return texts.members.count(chat.memberCount);
}
