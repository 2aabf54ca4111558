import { isOpen, type SkipWaiting } from '../worker/messages';

const EVERY_MS = 3_600_000;

export interface Told {
  /** A new version is there and waits for the person: `apply` ends the old one and loads the page again, in all tabs. */
  readonly onNewVersion: (apply: () => void) => void;
  /** A notification was clicked: the path to show. */
  readonly onOpen: (path: string) => void;
}

/** Whether the client starts without a network, for the connection panel to show. */
export type Offline =
  | { readonly is: 'ready'; readonly registration: ServiceWorkerRegistration }
  | { readonly is: 'missing'; readonly why: Missing };

/** `insecure`: browsers want https, or the own machine. `refused`: the browser has its reason, such as a private window. */
export type Missing = { readonly is: 'insecure' | 'development' } | { readonly is: 'refused'; readonly detail: string };

/** Registers the service worker, where this page may have one. */
export async function startWorker(told: Told, signal: AbortSignal): Promise<Offline> {
  if (!import.meta.env.PROD) return { is: 'missing', why: { is: 'development' } };
  if (!('serviceWorker' in navigator)) return { is: 'missing', why: { is: 'insecure' } };
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener('message', (event) => isOpen(event.data) && told.onOpen(event.data.path), { signal });
  let registration: ServiceWorkerRegistration;
  try {
    registration = await serviceWorker.register('/sw.js', { updateViaCache: 'none' });
  } catch (cause) {
    return { is: 'missing', why: { is: 'refused', detail: String(cause) } };
  }
  if (!signal.aborted) {
    watch(registration, told.onNewVersion, signal);
    askEveryHour(registration, signal);
  }
  return { is: 'ready', registration };
}

function watch(
  registration: ServiceWorkerRegistration,
  onNewVersion: (apply: () => void) => void,
  signal: AbortSignal,
): void {
  const tell = (): void => {
    const { waiting } = registration;
    // Without a controller it is the first one, which starts by itself.
    if (waiting !== null && navigator.serviceWorker.controller !== null) onNewVersion(() => apply(waiting));
  };
  const follow = (): void => registration.installing?.addEventListener('statechange', tell, { signal });
  // Somebody agreed, in whichever tab: what this one would still load is gone with the old version.
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { signal });
  tell();
  follow();
  registration.addEventListener('updatefound', follow, { signal });
}

function apply(waiting: ServiceWorker): void {
  waiting.postMessage({ is: 'skip_waiting' } satisfies SkipWaiting);
}

/** A tab of a chat stays open for weeks: whenever it is looked at, at most once an hour. */
function askEveryHour(registration: ServiceWorkerRegistration, signal: AbortSignal): void {
  let askedAt = performance.now();
  const ask = (): void => {
    if (document.visibilityState !== 'visible' || !navigator.onLine || performance.now() - askedAt < EVERY_MS) return;
    askedAt = performance.now();
    // No answer now: the next look asks again.
    registration.update().catch(() => (askedAt = -EVERY_MS));
  };
  document.addEventListener('visibilitychange', ask, { signal });
}
