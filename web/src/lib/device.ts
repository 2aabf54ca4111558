/** What a session was opened with, as far as the user agent tells. Null for what it does not. */
export interface Device {
  browser: string | null;
  system: string | null;
  kind: 'phone' | 'tablet' | 'computer' | 'program';
}

/* The order decides: Edge says that it is Chrome, Chrome that it is Safari, Android that it is Linux. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\/|\bEdgiOS\//, 'Edge'],
  [/\bOPR\/|\bOPiOS\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bHeadlessChrome\/|\bChrome\/|\bCriOS\/|\bChromium\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b|\biPod\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bFreeBSD\b/, 'FreeBSD'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];

/** A program names itself first: `curl/8.5.0`, `python-httpx/0.28`. */
const PROGRAM = /^([A-Za-z][\w.+-]*)(?:\/[\w.+-]+)?/;

export function deviceOf(userAgent: string | null): Device {
  const text = userAgent ?? '';
  const browser = first(BROWSERS, text);
  const system = first(SYSTEMS, text);
  if (browser === null && !text.startsWith('Mozilla/')) {
    return { browser: PROGRAM.exec(text)?.[1] ?? null, system, kind: 'program' };
  }
  return { browser, system, kind: kindOf(text, system) };
}

function kindOf(text: string, system: string | null): Device['kind'] {
  if (system === 'iPhone') return 'phone';
  if (system === 'iPad') return 'tablet';
  if (system !== 'Android') return 'computer';
  return /\bMobile\b/.test(text) ? 'phone' : 'tablet';
}

function first(list: readonly (readonly [RegExp, string])[], text: string): string | null {
  return list.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
