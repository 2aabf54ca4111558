const PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}|[0-9#*]\u{FE0F}?\u{20E3}/u;
const MOST = 3;

let segmenter: Intl.Segmenter | undefined;

/** Whether the text is one to three emoji and nothing else, so that it is drawn large. */
export function isEmojiOnly(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > 60 || !PICTURE.test(trimmed)) return false;

  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  let count = 0;
  for (const { segment } of segmenter.segment(trimmed)) {
    if (segment === ' ') continue;
    // © and ™ are pictographs that most fonts draw as text.
    if (!PICTURE.test(segment) || /^[©®™]$/u.test(segment)) return false;
    count += 1;
  }
  return count <= MOST;
}
