/**
 * The service worker: starts the client without a network, and opens the chat of a notification.
 *
 * It keeps the files of one build and nothing that anybody wrote; what was read and written is kept by the client itself.
 */
import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
  type PrecacheEntry,
} from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { isOpen, isSkipWaiting } from './messages';

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: (string | PrecacheEntry)[] };

cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST);

// Every path but the API's and the tools' is a page of the client, as on the server (api/site.py).
const ofTheApi = /\/api(\/|$)|^\/(metrics|\.well-known|debug)(\/|$)/;
const withEnding = /\.[^/]*$/;
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [ofTheApi, withEnding] }));

self.addEventListener('message', (event) => {
  // The person agreed to the new version; until then the old one goes on in all tabs.
  if (isSkipWaiting(event.data)) event.waitUntil(self.skipWaiting());
});

self.addEventListener('notificationclick', (event) => {
  const data: unknown = event.notification.data;
  event.notification.close();
  event.waitUntil(open(isOpen(data) ? data.path : '/'));
});

/** Brings an open tab to the front and tells it where to go, or opens one. */
async function open(path: string): Promise<void> {
  const url = new URL(path, self.location.origin);
  if (url.origin !== self.location.origin) return;
  const [tab] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (tab === undefined) {
    await self.clients.openWindow(url.href);
    return;
  }
  await tab.focus();
  tab.postMessage({ is: 'open', path });
}
