// How many columns of a terminal one character takes.

// Vowels and final consonants of Korean syllables that come in pieces, as names of files on macOS
// do, go into the square of their first consonant.
const ZERO = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]/u;
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;

/** 0, 1 or 2. */
export function columnsOfOne(character: string): number {
  // First: a mark over a Japanese or Chinese character is of their blocks, but takes no column.
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
