/** Ids: UUIDs as text in canonical form. */

import { TenfourError } from './errors.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * A new UUIDv7 for the given time (RFC 9562, section 5.7): such ids sort by when they were made.
 *
 * `crypto.randomUUID` is there in secure contexts only; a page on plain http has `getRandomValues`.
 */
export function newId(nowMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const time = nowMs.toString(16).padStart(12, '0');
  const variant = '89ab'.charAt((bytes[9] ?? 0) & 3);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

/** The canonical form of a chat's id; throws `chat_id_invalid` for what is no UUID. */
export function chatId(text: string): string {
  if (!UUID.test(text)) throw new TenfourError('chat_id_invalid');
  return text.toLowerCase();
}
