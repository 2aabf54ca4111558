/** What nobody may read: tokens, tickets and passwords. They are masked before anything is shown, logged or copied. */

export const HIDDEN = '(hidden)';
const JWT = /\beyJ[\w-]{5,}\.[\w-]*\.[\w-]*/g;
const IN_QUERY = /([?&](?:token|ticket|access_token)=)[^&#\s"]*/g;
const IN_AUTHORITY = /\/\/[^/@\s"]*@/g;
const IN_JSON = /("(?:token|access_token|refresh_token|ticket|password|authorization)"\s*:\s*")(?:[^"\\]|\\.)*"/gi;

/** The text without secrets, those that are known beside those that look like one. */
export function hidden(text: string, ...known: readonly string[]): string {
  let shown = text;
  for (const secret of known) if (secret.length > 3) shown = shown.replaceAll(secret, HIDDEN);
  return shown
    .replace(IN_JSON, `$1${HIDDEN}"`)
    .replace(IN_QUERY, `$1${HIDDEN}`)
    .replace(IN_AUTHORITY, `//${HIDDEN}@`)
    .replace(/(tenfour\.bearer\.)[\w.-]+/g, `$1${HIDDEN}`)
    .replace(JWT, HIDDEN);
}

/** Enough of a token to tell it from another one. */
export function masked(token: string): string {
  return token === '' ? 'none' : `${token.slice(0, 6)}… (${token.length} characters)`;
}
