/** What the page and its service worker say to each other. */

/** Page → worker: the person wants the new version now. */
export interface SkipWaiting {
  readonly is: 'skip_waiting';
}

/** Worker → page, and the data of a notification: the path that somebody clicked. */
export interface Open {
  readonly is: 'open';
  readonly path: string;
}

export function isSkipWaiting(data: unknown): data is SkipWaiting {
  return isTagged(data, 'skip_waiting');
}

export function isOpen(data: unknown): data is Open {
  return isTagged(data, 'open') && 'path' in data && typeof data.path === 'string' && data.path.startsWith('/');
}

function isTagged(data: unknown, is: string): data is { is: string } {
  return typeof data === 'object' && data !== null && 'is' in data && data.is === is;
}
