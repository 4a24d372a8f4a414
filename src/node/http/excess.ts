// What no request of replog's has, and what JSON.parse takes seconds for: it needs some twenty
// times as long for a bracket that opens another level as for a character of a text, and hardly
// less for a value of two characters. A body of 16 MiB that is nothing but these would hold up
// everybody, so both are counted before anything is parsed.

/** Arrays and objects within each other. */
export const DEPTH_MAX = 100_000;

/** Values in the body of a client, at any depth: a batch of 10,000 messages, and room for one that
 * is too large by mistake, whose sender is told so. */
export const VALUES_MAX = 200_000;

/** Values in the body of another node. Six count for an operation, which takes some 75 bytes at
 * least: a Snapshot that is as long as a body may be has 1,500,000. To parse so many, twice where
 * something is wrong with them, takes less than a second. */
export const PEER_VALUES_MAX = 1_600_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** `[` and `{`, `]` and `}` differ in this bit only. */
const CURLY = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** What this JSON text has too much of, as the end of a sentence about it; null: nothing.
 * `valuesMax` is not below DEPTH_MAX. */
export function excessIn(bytes: Buffer, valuesMax: number): string | null {
  // Each level and each value takes a byte.
  if (bytes.length <= DEPTH_MAX) return null;
  let depth = 0;
  // A value stands behind a comma or, if it is the first of an array or object, behind a bracket.
  let values = 1;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      i = endOfText(bytes, i);
    } else if (byte === COMMA) {
      values += 1;
      if (values > valuesMax) return tooMany(valuesMax);
    } else if ((byte | CURLY) === OPENING) {
      depth += 1;
      values += 1;
      if (depth > DEPTH_MAX) return TOO_DEEP;
      if (values > valuesMax) return tooMany(valuesMax);
    } else if ((byte | CURLY) === CLOSING) {
      depth -= 1;
    }
  }
  return null;
}

const TOO_DEEP = `is nested more than ${DEPTH_MAX} deep`;
const tooMany = (max: number): string => `has more than ${max} values`;

/** Where the text that begins at `start` has its closing quote; behind the end if it has none. */
function endOfText(bytes: Buffer, start: number): number {
  for (let end = start; ; ) {
    end = bytes.indexOf(QUOTE, end + 1);
    if (end === -1) return bytes.length;
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}
