/** The colours of styles/tokens.css as a browser computes them: enough of CSS to follow var(), light-dark() and oklch(). */

export type Theme = 'light' | 'dark';
/** Linear light, 0 to 1. */
export type Rgb = readonly [red: number, green: number, blue: number];

export class Tokens {
  #values = new Map<string, string>();
  #css: string;

  constructor(css: string, ...selectors: string[]) {
    this.#css = css;
    for (const selector of [':root', ...selectors]) this.#read(selector);
  }

  /** The tokens inside an element with `data-hue`. */
  ofPerson(hue: number): Tokens {
    return new Tokens(this.#css, `[data-hue='${hue}']`, '[data-hue]');
  }

  colour(name: string, theme: Theme): Rgb {
    return parse(this.#resolved(`var(--${name})`, theme)).colour;
  }

  /** A translucent token, laid over a ground. Mixed in sRGB, as browsers do. */
  over(name: string, ground: string, theme: Theme): Rgb {
    const { colour, alpha } = parse(this.#resolved(`var(--${name})`, theme));
    const below = this.colour(ground, theme);
    const mixed = (index: 0 | 1 | 2): number =>
      linear(encoded(colour[index]) * alpha + encoded(below[index]) * (1 - alpha));
    return [mixed(0), mixed(1), mixed(2)];
  }

  /** The first block of a selector; what narrows it by a media query comes later in the file. */
  #read(selector: string): void {
    const start = this.#css.indexOf(`\n${selector} {`);
    if (start === -1) throw new Error(`no ${selector} in tokens.css`);
    const block = this.#css.slice(start, this.#css.indexOf('\n}', start));
    for (const [, name = '', value = ''] of block.matchAll(/--([\w-]+):\s*([^;]+);/g))
      this.#values.set(name, value.trim());
  }

  #resolved(value: string, theme: Theme): string {
    const inner = value.replace(/var\(--([\w-]+)\)/g, (_, name: string) => {
      const found = this.#values.get(name);
      if (found === undefined) throw new Error(`no token --${name}`);
      return this.#resolved(found, theme);
    });
    const pair = /^light-dark\((.*\)),\s*(oklch\(.*\))\)$/s.exec(inner);
    return pair === null ? inner : (pair[theme === 'light' ? 1 : 2] ?? '');
  }
}

function parse(value: string): { colour: Rgb; alpha: number } {
  const found = /^oklch\(([\d.]+) ([\d.]+) ([\d.]+)(?: \/ ([\d.]+))?\)$/.exec(value);
  if (found === null) throw new Error(`not a colour: ${value}`);
  const [lightness = 0, chroma = 0, hue = 0, alpha = 1] = found
    .slice(1)
    .filter((part) => part !== undefined)
    .map(Number);
  return { colour: rgbOf(lightness, chroma, (hue * Math.PI) / 180), alpha };
}

/** CSS Color 4, section 9.2; what sRGB cannot show is clipped. */
function rgbOf(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clip = (value: number): number => Math.min(1, Math.max(0, value));
  return [
    clip(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
    clip(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
    clip(-0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short),
  ];
}

function encoded(value: number): number {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** WCAG 2.2: the ratio of two luminances. */
export function contrast(one: Rgb, other: Rgb): number {
  const luminance = ([red, green, blue]: Rgb): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const [dark = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}
