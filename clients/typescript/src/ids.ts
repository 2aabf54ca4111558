/** Ids: UUIDs as text in canonical form. */

import { TenfourError } from './errors';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * A new UUIDv7 for the given time (RFC 9562, section 5.7): such ids sort by when they were made.
 *
 * `crypto.randomUUID` is there in secure contexts only; a page on plain http has `getRandomValues`.
 */
export function newId(nowMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setUint32(0, nowMs / 0x10000);
  new DataView(bytes.buffer).setUint16(4, nowMs % 0x10000);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The canonical form of a chat's id; throws `chat_id_invalid` for what is no UUID. */
export function chatId(text: string): string {
  if (!UUID.test(text)) throw new TenfourError('chat_id_invalid');
  return text.toLowerCase();
}
