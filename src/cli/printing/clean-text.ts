// Foreign text for people's eyes: whatever could move the cursor, change colours, reorder or hide
// text is shown as a visible mark. Every foreign string that is printed goes through here.

import { isAsciiOnly } from './locale.ts';

// Controls, formats (bidi, zero-width, tags), lone surrogates, line separators, and what a terminal
// does not show at all. Variation selectors 15 and 16 only choose how an emoji looks.
const INVISIBLE =
  /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

// A zero-width joiner between two emoji makes one picture of them and hides nothing.
const EMOJI_BEFORE = /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)$/u;
const EMOJI_AFTER = /^\p{Extended_Pictographic}/u;

/** Most texts: nothing in them is invisible, and each character takes one column. Looking for these
 * first spares a short command the compilation of the expressions for all others. */
export const PLAIN: RegExp = /^[\x20-\x7e]*$/;

/** One line of harmless text: ESC becomes ␛, a newline ␊, U+202E ⟨U+202E⟩. */
export function cleanText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(INVISIBLE, (character: string, offset: number) => {
    if (character === '\u200d' && joinsEmoji(text, offset)) return character;
    return markOf(character.codePointAt(0)!);
  });
}

// What is not ASCII, or deletes. Of characters beyond the first 65,536 it is each half by itself:
// so JSON escapes them.
const NOT_ASCII = /[^\0-\x7e]/g;

/** JSON of a value on one line, with the same characters escaped as \u. `ascii`: with all others,
 * too, that are not ASCII, for a terminal that shows nothing else. */
export function cleanJson(value: unknown, ascii = isAsciiOnly(process.stdout)): string {
  const json = JSON.stringify(value);
  if (ascii) return json.replace(NOT_ASCII, (half) => escaped(half.charCodeAt(0)));
  return json.replace(INVISIBLE, (character: string) =>
    Array.from({ length: character.length }, (_, place) =>
      escaped(character.charCodeAt(place)),
    ).join(''),
  );
}

function markOf(point: number): string {
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  if (point === 0x7f) return '␡';
  return `⟨U+${point.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

function joinsEmoji(text: string, offset: number): boolean {
  return (
    EMOJI_BEFORE.test(text.slice(Math.max(0, offset - 3), offset)) &&
    EMOJI_AFTER.test(text.slice(offset + 1, offset + 3))
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
