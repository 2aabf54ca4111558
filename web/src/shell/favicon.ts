import { badgeText, type Unread } from './unread';

/** The icon of the tab with what is unread on it, as a `data:` address. */
export function iconWith(unread: Unread): string {
  return `data:image/svg+xml,${encodeURIComponent(drawing(unread))}`;
}

let plain: string | null = null;

/** Shows what is unread on the tab's icon and, where the app is installed, on its own. */
export function showUnread(unread: Unread): void {
  const nothing = unread.direct === 0 && !unread.rest;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (icon !== null) {
    plain ??= icon.href;
    icon.href = nothing ? plain : iconWith(unread);
  }
  showOnApp(unread, nothing);
}

function showOnApp(unread: Unread, nothing: boolean): void {
  // Only an installed app has an icon of its own to put a badge on.
  if (!('setAppBadge' in navigator) || !matchMedia('(display-mode: standalone)').matches) return;
  void (nothing ? navigator.clearAppBadge() : navigator.setAppBadge(unread.direct || undefined));
}

const SIZE = 64;

function drawing(unread: Unread): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}">${MARK}${badge(unread)}</svg>`;
}

// parts/Mark.svelte in the brand's own colours: a tab's icon knows nothing of the page's tokens.
const MARK =
  '<g transform="scale(2)" fill="none">' +
  '<path fill="#006671" d="M12 2h8a10 10 0 0 1 10 10v8a10 10 0 0 1-10 10H5a3 3 0 0 1-3-3V12A10 10 0 0 1 12 2Z"/>' +
  '<path d="m7 16.6 3.9 3.9 8.2-8.8m-3.5 7.4 1.4 1.4 8.2-8.8" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>' +
  '</g>';

function badge({ direct, rest }: Unread): string {
  if (direct > 0) {
    const text = badgeText(direct);
    const width = 26 + (text.length - 1) * 13;
    return (
      `<rect x="${SIZE - width}" y="28" width="${width}" height="36" rx="18" fill="#c62b3c" stroke="#fff" stroke-width="3"/>` +
      `<text x="${SIZE - width / 2}" y="55" font-family="sans-serif" font-size="27" font-weight="700" fill="#fff" text-anchor="middle">${text}</text>`
    );
  }
  return rest ? '<circle cx="50" cy="50" r="11" fill="#c62b3c" stroke="#fff" stroke-width="3"/>' : '';
}
