import type { Attachment } from 'svelte/attachments';

/** How long a pointer rests before the name of a thing is shown; not a duration of motion. */
const REST_MS = 500;
const GAP = 6;

let bubble: HTMLElement | null = null;

/** `{@attach tooltip('Settings')}`: the words appear after a rest of the pointer, or with keyboard focus. Not read out: the element has its own label. */
export function tooltip(text: string): Attachment<HTMLElement> {
  return (element) => {
    const ending = new AbortController();
    const listen = { signal: ending.signal };
    let resting: ReturnType<typeof setTimeout> | undefined;

    const hide = (): void => {
      clearTimeout(resting);
      if (bubble?.dataset['for'] === text && bubble.matches(':popover-open')) bubble.hidePopover();
    };
    const showAfter = (rest: number): void => {
      clearTimeout(resting);
      resting = setTimeout(() => {
        show(element, text);
      }, rest);
    };
    const enter = (event: PointerEvent): void => {
      if (event.pointerType === 'mouse') showAfter(REST_MS);
    };
    const focus = (): void => {
      // Not within the event: focus also comes back while a menu is being hidden, when no popover may be shown.
      if (element.matches(':focus-visible')) showAfter(0);
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') hide();
    };

    element.addEventListener('pointerenter', enter, listen);
    element.addEventListener('pointerleave', hide, listen);
    element.addEventListener('pointerdown', hide, listen);
    element.addEventListener('focus', focus, listen);
    element.addEventListener('blur', hide, listen);
    element.addEventListener('keydown', key, listen);
    return () => {
      hide();
      ending.abort();
    };
  };
}

function show(element: HTMLElement, text: string): void {
  if (!element.isConnected) return;
  bubble ??= makeBubble();
  // Inside an open dialog, or it would lie beneath it.
  const host = element.closest('dialog[open]') ?? document.body;
  if (bubble.parentElement !== host) host.append(bubble);
  bubble.textContent = text;
  bubble.dataset['for'] = text;
  bubble.showPopover();
  place(bubble, element);
}

function makeBubble(): HTMLElement {
  const made = document.createElement('div');
  made.className = 'tooltip';
  made.popover = 'manual';
  made.setAttribute('aria-hidden', 'true');
  return made;
}

/** Above the element if there is room, else below; never over the edge of the window. */
function place(tip: HTMLElement, element: HTMLElement): void {
  const at = element.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const above = at.top - height - GAP;
  const middle = at.left + at.width / 2 - width / 2;
  tip.style.top = `${above >= GAP ? above : at.bottom + GAP}px`;
  tip.style.left = `${Math.max(GAP, Math.min(middle, document.documentElement.clientWidth - width - GAP))}px`;
}
