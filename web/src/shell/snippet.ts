const LONGEST = 160;

/** A message's text on one line, without the marks of Markdown, as the chat list shows it. */
export function snippet(text: string): string {
  const line = text
    .slice(0, LONGEST * 4)
    .replace(/^[ \t]*(```|~~~)[^\n]*$/gm, ' ')
    .replace(/^[ \t]*(>|#{1,6}|[-*+]|\d+[.)])[ \t]+/gm, '')
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, '$1')
    .replace(/(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1/g, '$2')
    .replace(/(?<![\w*])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])/g, '$2')
    .replace(/`([^`\n]+)`/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > LONGEST ? `${[...line].slice(0, LONGEST).join('')}…` : line;
}
