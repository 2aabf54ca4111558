import { tick } from 'svelte';
import { paths } from '../lib/router.svelte';
import { t } from '../lib/texts/index.svelte';
import { toast } from '../parts/toasts.svelte';
import { copyText } from '../shell/copy';
import type { Conversation } from '../state/conversation.svelte';
import type { Message } from '../state/message';

/** Where a menu opens: below a button or row, or at a finger. */
export type Spot = Element | { readonly x: number; readonly y: number };

/** What the reader does in a conversation that is nobody else's business: where the arrow keys are, what is replied to, whose actions are open. */
export class View {
  readonly conversation: Conversation;
  /** The key of the message that the arrow keys are at. */
  active: string | null = $state(null);
  /** The key of the message that the mouse is on. */
  pointed: string | null = $state(null);
  replyTo: Message | null = $state.raw(null);
  /** The message whose actions are open, and where. */
  acting: { readonly message: Message; readonly at: Spot } | null = $state.raw(null);
  /** The message whose readers are shown. */
  asking: Message | null = $state.raw(null);

  constructor(conversation: Conversation) {
    this.conversation = conversation;
  }

  /** Whether one can write here: not in a chat that one has left. */
  get mayWrite(): boolean {
    const { entry } = this.conversation;
    return entry !== null && entry.gone === null;
  }

  reply(message: Message): void {
    this.replyTo = message;
    this.toComposer();
  }

  /** To the newest message that can be replied to. */
  replyToLast(): void {
    const row = this.conversation.rows.findLast((each) => each.kind === 'message' && actionsOf(each.message).reply);
    if (row?.kind === 'message') this.reply(row.message);
  }

  leaveReply(): void {
    this.replyTo = null;
  }

  async copyText(message: Message): Promise<void> {
    this.#tellCopied(await copyText(message.text ?? ''));
  }

  async copyLink(message: Message): Promise<void> {
    if (message.seq === null) return;
    this.#tellCopied(await copyText(location.origin + paths.message(this.conversation.chat, message.seq)));
  }

  unreadFrom(message: Message): void {
    if (message.seq !== null) this.conversation.markUnreadFrom(message.seq);
  }

  toComposer(): void {
    // After whatever had the focus has given it back.
    void tick().then(() => document.getElementById('composer')?.focus());
  }

  #tellCopied(copied: boolean): void {
    if (copied) toast(t().common.copied);
    else toast(t().conversation.copyFailed, 'danger');
  }
}

/** What can be done with a message as it is now. */
export function actionsOf(message: Message): { reply: boolean; copy: boolean; link: boolean } {
  const has = message.text !== null && !message.deleted;
  return { reply: has && message.id !== null, copy: has, link: message.seq !== null };
}
