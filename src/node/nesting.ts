// Nesting that no request of replog's has. JSON.parse takes some twenty times as long for a bracket
// that opens another level as for a character of a text: a body of 16 MiB that is nothing but
// brackets would hold up everybody for many seconds.

/** Arrays and objects within each other. */
export const DEPTH_MAX = 100_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, `]` and `}` differ in this bit only. */
const CURLY = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** Whether this JSON text is nested more than `DEPTH_MAX` deep. */
export function nestedTooDeep(bytes: Buffer): boolean {
  if (bytes.length <= DEPTH_MAX) return false;
  let depth = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      i = endOfText(bytes, i);
    } else if ((byte | CURLY) === OPENING) {
      depth += 1;
      if (depth > DEPTH_MAX) return true;
    } else if ((byte | CURLY) === CLOSING) {
      depth -= 1;
    }
  }
  return false;
}

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
