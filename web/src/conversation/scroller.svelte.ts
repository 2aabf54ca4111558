import { Layout, type Keyed, type Range } from './layout';

/** Closer to the end than this is at the bottom. */
export const NEAR_BOTTOM_PX = 48;
/** Rows are drawn this far beyond the viewport, and drawn anew once less than half of it is left. */
const OVERSCAN_PX = 800;
const MOST_ROWS = 150;
/** A scroll that rests this long has ended. */
const REST_MS = 120;

/** What stays where it is on screen while rows come, go and grow. */
export type Anchor =
  | { readonly is: 'bottom'; readonly gap: number }
  | { readonly is: 'row'; readonly key: string; readonly offset: number }
  | { readonly is: 'third' | 'centre'; readonly key: string };

const BOTTOM: Anchor = { is: 'bottom', gap: 0 };

/** Where the reader is. */
export interface Sight {
  readonly atBottom: boolean;
  readonly byReader: boolean;
  readonly isScrolling: boolean;
  readonly above: number;
  readonly below: number;
  readonly height: number;
  readonly place: { readonly key: string; readonly offset: number } | null;
}

/**
 * The one owner of the list's scroll position. After every change it puts the anchor back: the first visible row and how far it is from the top,
 * or the bottom if the reader was there.
 */
export class Scroller<R extends Keyed> {
  readonly layout: Layout<R>;
  range: Range = $state.raw({ start: 0, end: 0 });

  /** Whether a row stays between its neighbours: the day that heads a page moves to the head of the page before it. */
  readonly #staysPut: (row: R) => boolean;
  readonly #onsight: (sight: Sight) => void;
  readonly #slots = new Map<string, HTMLElement>();
  #viewport: HTMLElement | null = null;
  #canvas: HTMLElement | null = null;
  #box: HTMLElement | null = null;
  #observer: ResizeObserver | null = null;
  #anchor: Anchor = BOTTOM;
  #known = 0;
  /** How far the rows stand from where the layout has them, while the reader scrolls: writing the position then would stop a fling. */
  #drift = 0;
  #isScrolling = false;
  #byReader = false;
  #rest: ReturnType<typeof setTimeout> | undefined;
  /** The empty height above rows that do not fill the viewport: they stand at its foot. */
  #slack = 0;
  /** Whether the last row is the chat's last: only then is the end of the list a bottom to stay at. */
  #isLive = true;

  constructor(guess: (row: R) => number, staysPut: (row: R) => boolean, onsight: (sight: Sight) => void) {
    this.layout = new Layout(guess);
    this.#staysPut = staysPut;
    this.#onsight = onsight;
  }

  /** Takes over a viewport, the canvas in it and the box of rows in that. */
  attach(viewport: HTMLElement, canvas: HTMLElement, box: HTMLElement): () => void {
    const listening = new AbortController();
    this.#viewport = viewport;
    this.#canvas = canvas;
    this.#box = box;
    this.#observer = new ResizeObserver(() => this.settle());
    this.#observer.observe(viewport);
    for (const slot of this.#slots.values()) this.#observer.observe(slot);
    viewport.addEventListener('scroll', () => this.#scrolled(), { passive: true, signal: listening.signal });
    return () => {
      listening.abort();
      clearTimeout(this.#rest);
      this.#observer?.disconnect();
      this.#observer = this.#viewport = this.#canvas = this.#box = null;
    };
  }

  /** Takes a row's element for as long as it is drawn. */
  slot(key: string): (element: HTMLElement) => () => void {
    return (element) => {
      this.#slots.set(key, element);
      this.#observer?.observe(element);
      return () => {
        this.#observer?.unobserve(element);
        if (this.#slots.get(key) === element) this.#slots.delete(key);
      };
    };
  }

  /** Takes the rows that there are now; called before they are drawn. */
  show(rows: readonly R[], isLive: boolean): void {
    this.#notice();
    this.#keepAnchor(rows);
    this.#isLive = isLive;
    this.layout.place(rows);
    this.#drift = 0;
    this.#choose();
  }

  /** Puts everything where it belongs; called after rows were drawn or have changed their height. */
  settle(): void {
    if (this.#viewport === null || this.#canvas === null || this.#box === null || this.#viewport.clientHeight === 0)
      return;
    this.#notice();
    const news = this.layout.measure(this.#heights());
    this.#slack = Math.max(0, this.#viewport.clientHeight - this.layout.total);
    const target = this.#target();
    if (this.#isScrolling && news && this.#anchor.is === 'row') this.#drift = this.#known - this.#slack - target;
    const shift = this.#drift + this.#slack;
    this.#canvas.style.height = `${String(Math.max(0, this.layout.total + shift))}px`;
    this.#box.style.top = `${String(this.layout.top(this.range.start) + shift)}px`;
    this.#moveTo(target + shift);
    this.#choose();
    this.#tell();
  }

  toBottom(): void {
    this.hold(BOTTOM);
    this.settle();
  }

  /** Holds on to something else from now on; `settle` goes there. */
  hold(anchor: Anchor): void {
    this.#anchor = anchor;
    this.#isScrolling = false;
    this.#byReader = false;
    this.#drift = 0;
    this.#choose();
  }

  /** Moves by no more than it takes for the whole row to be seen, and counts as the reader's doing. */
  reveal(key: string, margin: number): void {
    const place = this.layout.placeOf(key);
    if (this.#viewport === null || place === undefined) return;
    const height = this.#viewport.clientHeight;
    const offset = this.layout.top(place) - this.#position;
    const lowest = height - this.layout.height(place) - margin;
    if (offset >= margin && offset <= lowest) return;
    this.hold({ is: 'row', key, offset: offset < margin ? margin : Math.max(margin, lowest) });
    this.#byReader = true;
    this.settle();
  }

  /** The rows that are seen wholly, or whose end is, if they are taller than the viewport. */
  seen(): readonly R[] {
    if (this.#viewport === null) return [];
    const from = this.#position - 1;
    const to = this.#position + this.#viewport.clientHeight + 1;
    const { start, end } = this.layout.between(from, to);
    return this.layout.rows.slice(start, end).filter((_, index) => {
      const bottom = this.layout.top(start + index + 1);
      const fits = this.layout.top(start + index) >= from || this.layout.height(start + index) > to - from;
      return bottom <= to && fits;
    });
  }

  /** The first row of which anything is seen. */
  firstVisible(): R | undefined {
    return this.layout.rows[this.layout.at(this.#position)];
  }

  /** Whether a row has left over the upper edge. */
  isAbove(place: number): boolean {
    return this.layout.top(place + 1) <= this.#position;
  }

  /** The reader's distance from the start, as the layout counts. */
  get #position(): number {
    return this.#known - this.#drift - this.#slack;
  }

  #scrolled(): void {
    this.#notice();
    this.#choose();
    this.#tell();
  }

  /** Learns whether the reader has scrolled since we last wrote the position, and makes what they see the anchor. */
  #notice(): void {
    if (this.#viewport === null || Math.abs(this.#viewport.scrollTop - this.#known) < 1) return;
    this.#known = this.#viewport.scrollTop;
    this.#byReader = true;
    this.#isScrolling = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#rested(), REST_MS);
    this.#anchor = this.#anchorHere(this.#viewport.clientHeight);
  }

  #rested(): void {
    this.#isScrolling = false;
    if (this.#drift === 0) return;
    this.#drift = 0;
    this.settle();
  }

  /** Whether the chat's last row was within the viewport when it was drawn last, whatever put it there. */
  get #seesEnd(): boolean {
    if (this.#viewport === null || !this.#isLive || this.layout.rows.length === 0) return false;
    return this.layout.total - this.#position - this.#viewport.clientHeight <= NEAR_BOTTOM_PX;
  }

  #anchorHere(height: number): Anchor {
    const gap = this.layout.total - this.#position - height;
    if (this.#isLive && gap <= NEAR_BOTTOM_PX) return { is: 'bottom', gap: Math.max(0, gap) };
    const first = this.layout.at(this.#position);
    const fixed = this.layout.rows.findIndex((row, place) => place >= first && this.#staysPut(row));
    const place = fixed === -1 ? first : fixed;
    const row = this.layout.rows[place];
    if (row === undefined) return BOTTOM;
    return { is: 'row', key: row.key, offset: this.layout.top(place) - this.#position };
  }

  /** Before rows change: whoever sees the end stays there, and an anchor whose row leaves hands over to the nearest row that stays. */
  #keepAnchor(rows: readonly R[]): void {
    if (this.#anchor.is !== 'bottom' && this.#seesEnd) this.#anchor = BOTTOM;
    if (this.#anchor.is === 'bottom') {
      if (!this.#isScrolling) this.#anchor = BOTTOM;
      return;
    }
    const { key } = this.#anchor;
    const place = this.layout.placeOf(key);
    if (place === undefined || rows.some((row) => row.key === key)) return;
    const staying = new Set(rows.map((row) => row.key));
    const heir = nearest(this.layout.rows, place, (row) => staying.has(row.key));
    if (heir === undefined) return;
    this.#anchor = {
      is: 'row',
      key: heir.key,
      offset: this.layout.top(this.layout.placeOf(heir.key) ?? 0) - this.#position,
    };
  }

  #target(): number {
    const height = this.#viewport?.clientHeight ?? 0;
    const end = this.layout.total - height;
    return clamp(this.#wanted(height, end), Math.min(0, end), end);
  }

  #wanted(height: number, end: number): number {
    const anchor = this.#anchor;
    if (anchor.is === 'bottom') return end - anchor.gap;
    const place = this.layout.placeOf(anchor.key);
    if (place === undefined) return this.#position;
    const top = this.layout.top(place);
    if (anchor.is === 'row') return top - anchor.offset;
    return top - (anchor.is === 'third' ? height / 3 : Math.max(0, (height - this.layout.height(place)) / 2));
  }

  #moveTo(position: number): void {
    if (this.#viewport === null) return;
    if (Math.abs(this.#viewport.scrollTop - position) >= 0.5) this.#viewport.scrollTop = position;
    this.#known = this.#viewport.scrollTop;
  }

  /** Decides which rows are to be drawn; others are drawn only if it must be. */
  #choose(): void {
    const height = this.#viewport?.clientHeight ?? 0;
    const from = this.#target();
    const needed = this.layout.between(from - OVERSCAN_PX / 2, from + height + OVERSCAN_PX / 2);
    const { start, end } = this.range;
    const covers = start <= needed.start && end >= needed.end && end <= this.layout.rows.length;
    if (covers && end - start <= MOST_ROWS && end > start) return;
    const wanted = this.layout.between(from - OVERSCAN_PX, from + height + OVERSCAN_PX);
    this.range = { start: wanted.start, end: Math.min(wanted.end, wanted.start + MOST_ROWS) };
  }

  #tell(): void {
    if (this.#viewport === null) return;
    const height = this.#viewport.clientHeight;
    const below = this.layout.total - this.#position - height;
    const place = this.#anchor.is === 'bottom' ? null : this.#anchorHere(height);
    this.#onsight({
      atBottom: this.#isLive && below <= NEAR_BOTTOM_PX,
      byReader: this.#byReader,
      isScrolling: this.#isScrolling,
      above: this.#position,
      below,
      height,
      place: place?.is === 'row' ? { key: place.key, offset: place.offset } : null,
    });
  }

  *#heights(): Generator<readonly [string, number]> {
    for (const [key, slot] of this.#slots) yield [key, slot.getBoundingClientRect().height];
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function nearest<R>(rows: readonly R[], place: number, stays: (row: R) => boolean): R | undefined {
  for (let distance = 1; distance < rows.length; distance += 1) {
    for (const candidate of [rows[place + distance], rows[place - distance]]) {
      if (candidate !== undefined && stays(candidate)) return candidate;
    }
  }
  return undefined;
}
