// A sentence about what somebody typed, or what came in a file, stays one that can be read.

/** Longer words are cut: longer than a path or a URL that people use. */
const WORD_MAX = 400;

const WORD_SHOWN = 100;

const LONG = new RegExp(`\\S{${WORD_MAX + 1},}`, 'g');

/** The sentence, each of its very long words cut short. */
export function abridged(sentence: string): string {
  return sentence.replace(LONG, (word) => {
    // Whole characters: half of one would be shown as a mark.
    const begin = [...word.slice(0, 2 * WORD_SHOWN)].slice(0, WORD_SHOWN).join('');
    const end = /["'),;:]{1,2}$/.exec(word)?.[0] ?? '';
    return `${begin}…${end}`;
  });
}
