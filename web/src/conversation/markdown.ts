import DOMPurify from 'dompurify';
import { Marked, type Lexer, type Tokens } from 'marked';

/** How many rendered texts are kept: more than a window of the list shows, less than a tab minds. */
const KEPT = 600;

const TAGS = ['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote', 'a'];
const ATTRIBUTES = ['href', 'rel', 'target', 'class', 'start'];
const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

const none = (): undefined => undefined;

const marked = new Marked({
  gfm: true,
  breaks: true,
  // What people type in a chat and do not mean as markup stays as typed: "# 1", tables, indented lines, raw HTML, "[1]: …".
  tokenizer: {
    heading: none,
    lheading: none,
    hr: none,
    table: none,
    code: none,
    html: none,
    tag: none,
    def: none,
    reflink: none,
    blockquote,
  },
  renderer: {
    html: ({ text }) => escape(text),
    image: ({ text, href }) => link(href, escape(text === '' ? href : text)),
    link({ href, tokens }: Tokens.Link) {
      return link(href, this.parser.parseInline(tokens));
    },
    code: ({ text, lang }) => `<pre><code${languageClass(lang)}>${escape(text)}\n</code></pre>`,
    codespan: ({ text }) => `<code>${escape(text)}</code>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

/** How deep quotes within quotes go: more is a joke, or an attempt on the stack. */
const DEEPEST_QUOTE = 5;
let depth = 0;

/** A quote ends with its line: in a chat the next line is the answer, not a lazy continuation. */
function blockquote(this: { lexer: Lexer }, source: string): Tokens.Blockquote | undefined {
  const raw = /^(?: {0,3}>[^\n]*(?:\n|$))+/.exec(source)?.[0];
  if (raw === undefined || depth >= DEEPEST_QUOTE) return undefined;
  const text = raw.replace(/^ {0,3}> ?/gm, '');
  depth += 1;
  try {
    return { type: 'blockquote', raw, text, tokens: this.lexer.blockTokens(text, []) };
  } finally {
    depth -= 1;
  }
}

const kept = new Map<string, string>();

/** The text as safe HTML: bold, italic, strike, code, lists, quotes, links. The same text is rendered once. */
export function renderMarkdown(text: string): string {
  const known = kept.get(text);
  if (known !== undefined) return known;

  const html = sanitise(marked.parse(text, { async: false }));
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
