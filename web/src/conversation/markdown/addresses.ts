/** An address that was typed as it is. */
export interface Address {
  readonly href: string;
  readonly shown: string;
  readonly length: number;
}

const SCHEMES = new Set(['http:', 'https:', 'mailto:']);
const ANGLE = /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/iy;
const WEB = /(?:https?:\/\/|www\.)[^\s<>"`\\^{|}]{1,2000}/iy;
const MAIL = /[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/iy;

/** The address that begins at a place of the text. */
export function addressAt(text: string, at: number): Address | null {
  const [angle, inAngle] = matchAt(ANGLE, text, at);
  if (angle !== undefined && inAngle !== undefined) return { href: inAngle, shown: inAngle, length: angle.length };

  const [web] = matchAt(WEB, text, at);
  if (web !== undefined) {
    const shown = withoutEnd(web);
    const href = /^www\./i.test(shown) ? `https://${shown}` : shown;
    return URL.canParse(href) ? { href, shown, length: shown.length } : null;
  }

  const [mail] = matchAt(MAIL, text, at);
  if (mail === undefined) return null;
  const shown = mail.replace(/[.-]+$/, '');
  return { href: `mailto:${shown}`, shown, length: shown.length };
}

/** Where a link leads, if it is somewhere that a message may lead to; null for scripts, data, files, and what is relative. */
export function safeUrl(href: string): URL | null {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  return SCHEMES.has(url.protocol) ? url : null;
}

function matchAt(pattern: RegExp, text: string, at: number): readonly (string | undefined)[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}

/** The end of the sentence is not the address's, nor a bracket that was opened before it. */
function withoutEnd(address: string): string {
  let end = address.length;
  for (;;) {
    const last = address.charAt(end - 1);
    const isClosing = last === ')' || last === ']';
    const isUnopened = isClosing && count(address, last, end) > count(address, last === ')' ? '(' : '[', end);
    if (!isUnopened && !/[.,:;!?'*_~]/.test(last)) return address.slice(0, end);
    end -= 1;
  }
}

function count(text: string, sign: string, end: number): number {
  let found = 0;
  for (let at = text.indexOf(sign); at !== -1 && at < end; at = text.indexOf(sign, at + 1)) found += 1;
  return found;
}
