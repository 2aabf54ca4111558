/** The Markdown of the catalogue of causes: code, and links to pages that are in the documentation only. */

export interface Span {
  readonly is: 'text' | 'code';
  readonly text: string;
}

export function spansOf(markdown: string): Span[] {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .split('`')
    .map((text, index): Span => ({ is: index % 2 === 0 ? 'text' : 'code', text }))
    .filter(({ text }) => text !== '');
}
