import DOMPurify from 'dompurify';
import { Marked, Tokenizer, type RendererObject, type Tokens } from 'marked';

/** How many rendered texts are kept: more than a window of the list shows, less than a tab minds. */
const KEPT = 600;

const TAGS = ['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote', 'a'];
const ATTRIBUTES = ['href', 'rel', 'target', 'class', 'start'];
const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

const none = (): undefined => undefined;

/** How deep quotes and lists go within each other: more is a joke, or an attempt on the stack. */
const DEEPEST = 6;

/** What people type in a chat and do not mean as markup stays as typed: "# 1", tables, indented lines, raw HTML, "[1]: …". */
class ChatTokenizer extends Tokenizer {
  #depth = 0;

  override heading = none;
  override lheading = none;
  override hr = none;
  override table = none;
  override code = none;
  override html = none;
  override tag = none;
  override def = none;
  override reflink = none;

  /** A quote ends with its line: in a chat the next line is the answer, not a lazy continuation. */
  override blockquote(source: string): Tokens.Blockquote | undefined {
    const raw = /^(?: {0,3}>[^\n]*(?:\n|$))+/.exec(source)?.[0];
    if (raw === undefined) return undefined;
    const text = raw.replace(/^ {0,3}> ?/gm, '');
    return this.#deeper(() => ({ type: 'blockquote', raw, text, tokens: this.lexer.blockTokens(text, []) }));
  }

  override list(source: string): Tokens.List | undefined {
    return this.#deeper(() => super.list(source));
  }

  #deeper<T>(tokens: () => T | undefined): T | undefined {
    if (this.#depth >= DEEPEST) return undefined;
    this.#depth += 1;
    try {
      return tokens();
    } finally {
      this.#depth -= 1;
    }
  }
}

const renderer: RendererObject = {
  image: ({ text, href }) => link(href, escape(text === '' ? href : text)),
  link({ href, tokens }) {
    return link(href, this.parser.parseInline(tokens));
  },
  code: ({ text, lang }) => `<pre><code${languageClass(lang)}>${escape(text)}\n</code></pre>`,
  codespan: ({ text }) => `<code>${escape(text)}</code>`,
  checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
};

const marked = new Marked({ gfm: true, breaks: true, renderer });

const kept = new Map<string, string>();

/** The text as safe HTML: bold, italic, strike, code, lists, quotes, links. The same text is rendered once. */
export function renderMarkdown(text: string): string {
  const known = kept.get(text);
  if (known !== undefined) return known;

  const html = sanitise(marked.parse(text, { async: false, tokenizer: new ChatTokenizer() }));
  if (kept.size >= KEPT) for (const oldest of [...kept.keys()].slice(0, KEPT / 4)) kept.delete(oldest);
  kept.set(text, html);
  return html;
}

/** The second lock: whatever the renderer lets through, only these elements and schemes reach the page. */
function sanitise(html: string): string {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  });
}

function link(href: string, label: string): string {
  const url = safeUrl(href);
  if (url === null) return label;
  // A link to a message or chat of ours is followed by the router, in this tab.
  if (url.origin === location.origin) return `<a href="${escape(url.href)}">${label}</a>`;
  return `<a href="${escape(url.href)}" target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;
}

function safeUrl(href: string): URL | null {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  return SCHEMES.has(url.protocol) ? url : null;
}

function languageClass(lang: string | undefined): string {
  const name = /^[a-z0-9+#-]{1,20}/i.exec(lang ?? '')?.[0];
  return name === undefined ? '' : ` class="language-${name.toLowerCase()}"`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
}
