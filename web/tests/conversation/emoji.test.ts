import { describe, expect, it } from 'vitest';
import { findEmoji, type Emoji } from '../../src/conversation/emoji';
import { isEmojiOnly } from '../../src/conversation/emojiOnly';

describe('emoji alone', () => {
  it.each(['😀', '🎉🎉', '👍🏽 👍🏽 👍🏽', '👩‍👩‍👧‍👦', '🇩🇪🇫🇷', '❤️', '1️⃣', ' 😀\n'])('%s is drawn large', (text) => {
    expect(isEmojiOnly(text)).toBe(true);
  });

  it.each(['', ' ', '😀😀😀😀', 'ok 😀', '1', '#1', '123', '©', '**', 'a'])('"%s" is not', (text) => {
    expect(isEmojiOnly(text)).toBe(false);
  });
});

describe('finding emoji', () => {
  const emoji = (name: string, words: string): Emoji => ({ emoji: name, name, group: 'smileys', tones: [], words });
  const all = [
    emoji('grinning face', 'grinning face smile happy'),
    emoji('cafe', 'cafe coffee hot'),
    emoji('red heart', 'red heart love'),
  ];

  it('takes the beginning of each word, in any order and with accents', () => {
    expect(findEmoji(all, 'hap grin').map(({ name }) => name)).toEqual(['grinning face']);
    expect(findEmoji(all, 'CAFÉ').map(({ name }) => name)).toEqual(['cafe']);
    expect(findEmoji(all, 'art')).toEqual([]);
  });
});
