import { addressAt, type Address } from './addresses';
import type { Inline } from './tree';

/** What may begin something else than plain text. Addresses count at the start of a word only, so that each word is looked at once. */
const SPECIAL = /[\\`*_~[\]<\n]|(?<![\p{L}\p{N}_])(?:https?:\/\/|www\.)|(?<![\p{L}\p{N}_.+-])[\w.+-]{1,64}@/giu;
const ESCAPED = /[!-/:-@[-`{-~]/;
const WORD = /[\p{L}\p{N}_]/u;
const TARGET = /\([ \n]*<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:[ \n]+"[^"\n]*")?[ \n]*\)/y;
/** How deep marks go within each other. */
const DEEPEST = 16;

type Mark = '*' | '**' | '_' | '__' | '~~' | '[';

const KINDS = { '*': 'emphasis', _: 'emphasis', '**': 'strong', __: 'strong', '~~': 'strike' } as const;

/** A mark that waits for its other half, and what has come since. */
interface Open {
  readonly mark: Mark | null;
  readonly inside: Inline[];
}

/** Bold, italic, strike, code and links of a paragraph; one pass, and time in proportion to the text. */
export function parseInlines(text: string): Inline[] {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #open: Open[] = [{ mark: null, inside: [] }];
  readonly #waiting = new Map<Mark, number>();
  /** For each length of a run of backticks: how far such runs have been looked for in vain. */
  readonly #noCode = new Set<number>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Inline[] {
    const special = new RegExp(SPECIAL);
    while (this.#at < this.#text.length) {
      special.lastIndex = this.#at;
      const found = special.exec(this.#text);
      const next = found?.index ?? this.#text.length;
      if (next > this.#at) this.#add({ is: 'text', text: this.#text.slice(this.#at, next) });
      this.#at = next;
      if (found !== null) this.#special(found[0]);
    }
    return this.#flattened(0);
  }

  #special(found: string): void {
    switch (found) {
      case '\n':
        this.#at += 1;
        return this.#add({ is: 'break' });
      case '\\':
        return this.#escape();
      case '`':
        return this.#code();
      case '*':
      case '_':
      case '~':
        return this.#marks(found);
      case '[':
        return this.#begin('[', 1);
      case ']':
        return this.#link();
      default:
        return this.#address();
    }
  }

  #escape(): void {
    const next = this.#text.charAt(this.#at + 1);
    const isEscape = ESCAPED.test(next);
    this.#add({ is: 'text', text: isEscape ? next : '\\' });
    this.#at += isEscape ? 2 : 1;
  }

  #code(): void {
    const length = runAt(this.#text, this.#at);
    const from = this.#at + length;
    const end = this.#noCode.has(length) ? -1 : this.#closingTicks(from, length);
    if (end === -1) {
      this.#noCode.add(length);
      this.#add({ is: 'text', text: '`'.repeat(length) });
      this.#at = from;
      return;
    }
    const inside = this.#text.slice(from, end).replaceAll('\n', ' ');
    const isPadded = /^ .*\S.* $/.test(inside);
    this.#add({ is: 'code', text: isPadded ? inside.slice(1, -1) : inside });
    this.#at = end + length;
  }

  #closingTicks(from: number, length: number): number {
    let at = this.#text.indexOf('`', from);
    while (at !== -1) {
      const run = runAt(this.#text, at);
      if (run === length) return at;
      at = this.#text.indexOf('`', at + run);
    }
    return -1;
  }

  #marks(sign: '*' | '_' | '~'): void {
    const length = runAt(this.#text, this.#at);
    const before = this.#text.charAt(this.#at - 1);
    const after = this.#text.charAt(this.#at + length);
    const mayOpen = after !== '' && !/\s/.test(after);
    const mayClose = before !== '' && !/\s/.test(before);
    let left = length;
    if (mayClose) left = this.#close(sign, left, !WORD.test(after));
    if (left > 0 && mayOpen) left = this.#openMarks(sign, left, !WORD.test(before));
    if (left > 0) this.#add({ is: 'text', text: sign.repeat(left) });
    this.#at += left;
  }

  /** Closes what the marks close, innermost first; gives how many are left. Within a word only ** and ~~ count: 2*3*4 and a_b_c are as typed. */
  #close(sign: '*' | '_' | '~', count: number, isAtEdge: boolean): number {
    let left = count;
    while (left > 0) {
      const marks = marksOf(sign).filter(
        (mark) => mark.length <= left && (isAtEdge || mark === '**' || mark === '~~') && this.#waits(mark),
      );
      const place =
        marks.length === 0 ? -1 : this.#open.findLastIndex(({ mark }) => marks.some((each) => each === mark));
      const mark = this.#open[place]?.mark;
      if (mark === undefined || mark === null || mark === '[') break;
      const inside = this.#flattened(place, false);
      this.#at += mark.length;
      left -= mark.length;
      this.#add(inside.length === 0 ? { is: 'text', text: mark + mark } : { is: KINDS[mark], inside });
    }
    return left;
  }

  #openMarks(sign: '*' | '_' | '~', count: number, isAtEdge: boolean): number {
    let left = count;
    for (const mark of marksOf(sign)) {
      const fits = sign === '~' ? left === 2 : left >= mark.length && left <= 3;
      if (!fits || !(isAtEdge || mark === '**' || mark === '~~')) continue;
      this.#begin(mark, mark.length);
      left -= mark.length;
    }
    return left;
  }

  #begin(mark: Mark, length: number): void {
    this.#at += length;
    if (this.#open.length > DEEPEST) return this.#add({ is: 'text', text: mark });
    this.#open.push({ mark, inside: [] });
    this.#waiting.set(mark, (this.#waiting.get(mark) ?? 0) + 1);
  }

  #link(): void {
    const place = this.#waits('[') ? this.#open.findLastIndex(({ mark }) => mark === '[') : -1;
    TARGET.lastIndex = this.#at + 1;
    const target = place === -1 ? null : TARGET.exec(this.#text);
    this.#at += 1;
    if (place === -1) return this.#add({ is: 'text', text: ']' });
    if (target === null) {
      this.#addAll([...this.#flattened(place), { is: 'text', text: ']' }]);
      return;
    }
    const label = this.#flattened(place, false);
    this.#at += target[0].length;
    const href = target[1] ?? '';
    this.#add({ is: 'link', href, inside: label.length === 0 ? [{ is: 'text', text: href }] : unlinked(label) });
  }

  #address(): void {
    const found: Address | null = addressAt(this.#text, this.#at);
    if (found === null) {
      // Not the whole of it: what looked like an address may hold a mark.
      this.#add({ is: 'text', text: this.#text.charAt(this.#at) });
      this.#at += 1;
      return;
    }
    this.#add({ is: 'link', href: found.href, inside: [{ is: 'text', text: found.shown }] });
    this.#at += found.length;
  }

  #waits(mark: Mark): boolean {
    return (this.#waiting.get(mark) ?? 0) > 0;
  }

  /** Takes everything off from a place on; marks that found no other half are text. */
  #flattened(place: number, withOwnMark = true): Inline[] {
    const flat: Inline[] = [];
    for (const [index, { mark, inside }] of this.#open.splice(place).entries()) {
      if (mark !== null) {
        this.#waiting.set(mark, (this.#waiting.get(mark) ?? 1) - 1);
        if (index > 0 || withOwnMark) flat.push({ is: 'text', text: mark });
      }
      flat.push(...inside);
    }
    return flat;
  }

  #add(inline: Inline): void {
    this.#open.at(-1)?.inside.push(inline);
  }

  #addAll(inlines: readonly Inline[]): void {
    for (const inline of inlines) this.#add(inline);
  }
}

function marksOf(sign: '*' | '_' | '~'): readonly Exclude<Mark, '['>[] {
  if (sign === '~') return ['~~'];
  return sign === '*' ? ['**', '*'] : ['__', '_'];
}

function runAt(text: string, at: number): number {
  const sign = text.charAt(at);
  let end = at;
  while (text.charAt(end) === sign) end += 1;
  return end - at;
}

/** A link holds no link. */
function unlinked(inlines: readonly Inline[]): Inline[] {
  return inlines.flatMap((inline): Inline[] => {
    if (inline.is === 'link') return unlinked(inline.inside);
    return 'inside' in inline ? [{ ...inline, inside: unlinked(inline.inside) }] : [inline];
  });
}
