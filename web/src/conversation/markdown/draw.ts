import { safeUrl } from './addresses';
import { parseBlocks } from './blocks';
import type { Block, Inline } from './tree';

/** How many drawn texts are kept: more than a window of the list shows, less than a tab minds. */
const KEPT = 600;

const kept = new Map<string, DocumentFragment>();

/**
 * The text as elements: bold, italic, strike, code, lists, quotes, links. They are made one by one and filled with text, never parsed from HTML,
 * so there is nothing to sanitise. The same text is understood once.
 */
export function drawMarkdown(text: string): DocumentFragment {
  const known = kept.get(text);
  if (known !== undefined) return cloned(known);

  const drawn = document.createDocumentFragment();
  drawn.append(...parseBlocks(text).map(drawBlock));
  if (kept.size >= KEPT) for (const oldest of [...kept.keys()].slice(0, KEPT / 4)) kept.delete(oldest);
  kept.set(text, drawn);
  return cloned(drawn);
}

function cloned(fragment: DocumentFragment): DocumentFragment {
  return document.importNode(fragment, true);
}

function drawBlock(block: Block): HTMLElement {
  switch (block.is) {
    case 'paragraph':
      return element('p', block.inside.map(drawInline));
    case 'quote':
      return element('blockquote', block.inside.map(drawBlock));
    case 'list':
      return drawList(block.start, block.items);
    case 'code':
      return drawCode(block.language, block.text);
  }
}

function drawList(start: number | null, items: readonly (readonly Block[])[]): HTMLElement {
  const list = document.createElement(start === null ? 'ul' : 'ol');
  if (list instanceof HTMLOListElement && start !== null && start !== 1) list.start = start;
  list.append(...items.map((blocks) => element('li', blocks.flatMap(drawInItem))));
  return list;
}

/** A paragraph in a list is its line. */
function drawInItem(block: Block, place: number): Node[] {
  return block.is === 'paragraph' && place === 0 ? block.inside.map(drawInline) : [drawBlock(block)];
}

function drawCode(language: string | null, text: string): HTMLElement {
  const code = element('code', [text]);
  if (language !== null) code.dataset['language'] = language;
  const block = element('pre', [code]);
  // Its long lines are scrolled by keys, too.
  block.tabIndex = 0;
  return block;
}

function drawInline(inline: Inline): Node {
  switch (inline.is) {
    case 'text':
      return document.createTextNode(inline.text);
    case 'break':
      return document.createElement('br');
    case 'code':
      return element('code', [inline.text]);
    case 'strong':
      return element('strong', inline.inside.map(drawInline));
    case 'emphasis':
      return element('em', inline.inside.map(drawInline));
    case 'strike':
      return element('del', inline.inside.map(drawInline));
    case 'link':
      return drawLink(inline.href, inline.inside.map(drawInline));
  }
}

function drawLink(href: string, label: readonly Node[]): HTMLElement {
  const url = safeUrl(href);
  if (url === null) return element('span', label);
  const link = document.createElement('a');
  link.href = url.href;
  link.append(...label);
  // A link to a message or chat of ours is followed by the router, in this tab.
  if (url.origin === location.origin) return link;
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow';
  return link;
}

function element(name: string, inside: readonly (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  made.append(...inside);
  return made;
}
