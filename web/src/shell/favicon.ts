import { badgeText, type Unread } from './unread';

/** The icon of the tab with what is unread on it, as a `data:` address. */
export function iconWith(unread: Unread): string {
  return `data:image/svg+xml,${encodeURIComponent(drawing(unread))}`;
}

/** Shows what is unread on the tab's icon and, where the app is installed, on its own. */
export function showUnread(unread: Unread, page: Document = document): void {
  const nothing = unread.direct === 0 && !unread.rest;
  iconOf(page).href = nothing ? (plain ?? iconWith(unread)) : iconWith(unread);
  showOnApp(unread, nothing);
}

let plain: string | null = null;

function iconOf(page: Document): HTMLLinkElement {
  const found = page.querySelector<HTMLLinkElement>('link[rel~="icon"]');
  if (found !== null) {
    plain ??= found.href;
    return found;
  }
  const made = page.createElement('link');
  made.rel = 'icon';
  page.head.append(made);
  return made;
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

// The colours of the logo: a tab's icon knows nothing of the page's tokens.
const MARK =
  '<rect width="64" height="64" rx="16" fill="#3f5bd8"/>' +
  '<path d="M11 34l9 9 19-21M29 40l4 4 20-22" fill="none" stroke="#fff" stroke-width="5.5" stroke-linecap="round" stroke-linejoin="round"/>';

function badge({ direct, rest }: Unread): string {
  if (direct > 0) {
    const text = badgeText(direct);
    const width = 26 + (text.length - 1) * 13;
    return (
      `<rect x="${SIZE - width}" y="28" width="${width}" height="36" rx="18" fill="#d4213d" stroke="#fff" stroke-width="3"/>` +
      `<text x="${SIZE - width / 2}" y="55" font-family="sans-serif" font-size="27" font-weight="700" fill="#fff" text-anchor="middle">${text}</text>`
    );
  }
  return rest ? '<circle cx="50" cy="50" r="11" fill="#d4213d" stroke="#fff" stroke-width="3"/>' : '';
}
