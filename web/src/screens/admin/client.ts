/** What a connection's client calls itself, in few words: `Firefox · Linux`, `python-websockets`. */

import { deviceOf } from '../../lib/device';

export function clientName(client: string): string | null {
  const { browser, system } = deviceOf(client);
  return [browser, system].filter((each) => each !== null).join(' · ') || null;
}
