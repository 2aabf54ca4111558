import { parseInlines } from './inlines';
import type { Block } from './tree';

/** How deep quotes and lists go within each other: more is a joke, or an attempt on the stack. */
const DEEPEST = 6;

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,3})[.)])( {1,4})(?=\S)/;

/**
 * The blocks of a text: paragraphs, fenced code, quotes, lists. What people type in a chat and do not mean as markup stays as typed: "# 1",
 * tables, indented lines, HTML. A line is a line, and a quote ends with it: the next one is the answer.
 */
export function parseBlocks(text: string): Block[] {
  return blocksOf(text.replace(/\r\n?/g, '\n').split('\n'), 0);
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const [block, next] = blockAt(lines, at, depth);
    if (block !== null) blocks.push(block);
    at = next;
  }
  return blocks;
}

/** The block that begins with a line, and the line after it. */
function blockAt(lines: readonly string[], at: number, depth: number): [Block | null, number] {
  const line = lines[at] ?? '';
  if (line.trim() === '') return [null, at + 1];
  const fence = FENCE.exec(line);
  if (fence !== null) return codeAt(lines, at, fence[1] ?? '', fence[2] ?? '');
  if (depth < DEEPEST && QUOTE.test(line)) return quoteAt(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return listAt(lines, at, depth);
  return paragraphAt(lines, at, depth);
}

function codeAt(lines: readonly string[], at: number, marks: string, info: string): [Block, number] {
  const closing = new RegExp(`^ {0,3}\\${marks.charAt(0)}{${String(marks.length)},}[ \\t]*$`);
  const found = lines.findIndex((line, index) => index > at && closing.test(line));
  const end = found === -1 ? lines.length : found;
  const language = /^[a-z0-9+#-]{1,20}$/i.exec(info)?.[0].toLowerCase() ?? null;
  return [{ is: 'code', language, text: lines.slice(at + 1, end).join('\n') }, end + 1];
}

function quoteAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const end = endOf(lines, at, (line) => QUOTE.test(line));
  const inside = lines.slice(at, end).map((line) => line.replace(QUOTE, ''));
  return [{ is: 'quote', inside: blocksOf(inside, depth + 1) }, end];
}

function listAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const first = ITEM.exec(lines[at] ?? '');
  const start = first?.[3] === undefined ? null : Number(first[3]);
  const items: Block[][] = [];
  let next = at;
  for (;;) {
    const item = ITEM.exec(lines[next] ?? '');
    if (item === null || (item[3] === undefined) !== (start === null)) break;
    const indent = item[0].length;
    const end = endOf(lines, next + 1, (line) => indentOf(line) >= indent);
    const inside = [lines[next] ?? '', ...lines.slice(next + 1, end)].map((line) => line.slice(indent));
    items.push(blocksOf(inside, depth + 1));
    next = end;
  }
  return [{ is: 'list', start, items }, next];
}

function paragraphAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const begins = (line: string): boolean =>
    line.trim() === '' || FENCE.test(line) || (depth < DEEPEST && (QUOTE.test(line) || startsList(line)));
  const end = endOf(lines, at + 1, (line) => !begins(line));
  const text = lines.slice(at, end).map((line) => line.trimEnd());
  return [{ is: 'paragraph', inside: parseInlines(text.join('\n')) }, end];
}

/** A number within a paragraph is a number, unless it is 1. */
function startsList(line: string): boolean {
  const item = ITEM.exec(line);
  return item !== null && (item[3] === undefined || item[3] === '1');
}

function endOf(lines: readonly string[], from: number, holds: (line: string) => boolean): number {
  let at = from;
  while (at < lines.length && holds(lines[at] ?? '')) at += 1;
  return at;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
