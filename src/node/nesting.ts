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
export function nestedTooDeep(bytes: Uint8Array): boolean {
  if (bytes.length <= DEPTH_MAX) return false;
  let depth = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (inText) {
      if (byte === BACKSLASH) i += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) {
      inText = true;
    } else if ((byte | CURLY) === OPENING) {
      depth += 1;
      if (depth > DEPTH_MAX) return true;
    } else if ((byte | CURLY) === CLOSING) {
      depth -= 1;
    }
  }
  return false;
}
