import type { Row } from '../state/message';

const LINE_PX = 22;
const HEAD_PX = 34;
const CHARACTERS_A_LINE = 80;

/** How high a row may be, until it has been on screen: good enough that the scroll bar does not jump. */
export function guessHeight(row: Row): number {
  switch (row.kind) {
    case 'start':
      return 200;
    case 'day':
      return 42;
    case 'unread':
      return 24;
    case 'event':
      return 30;
    case 'message':
      return (
        2 +
        linesOf(row.message.text ?? '') * LINE_PX +
        (row.head ? HEAD_PX : 0) +
        (row.message.replyTo === null ? 0 : 28)
      );
  }
}

function linesOf(text: string): number {
  let lines = 0;
  for (const line of text.split('\n')) lines += Math.max(1, Math.ceil(line.length / CHARACTERS_A_LINE));
  return lines;
}
