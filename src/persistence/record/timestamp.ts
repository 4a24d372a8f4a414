// The time in an operation, as its text. Replog writes one form, `2024-05-01T12:00:00.000Z`. The
// rule: what another master writes is taken if it is a time of ISO 8601 at all, in any precision
// and with any offset. It is a label that nothing is ordered by; but a Snapshot that is refused for
// it stops replication for good, because its master cannot change what is in its log.

/** Characters of the form that replog writes. */
export const USUAL_LENGTH = 24;

const USUAL =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

const ANY = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?$/;

/** Whether this is a date and a time of that day. */
export function isTimestamp(text: string): boolean {
  return USUAL.test(text) || (ANY.test(text) && !Number.isNaN(Date.parse(text)));
}

const ZERO = 0x30;
const DASH = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const T = 0x54;
const Z = 0x5a;

/** Whether a time in the form that replog writes begins at `at`: USUAL, on bytes. */
export function isUsualAt(bytes: Buffer, at: number): boolean {
  return (
    bytes[at + 4] === DASH &&
    bytes[at + 7] === DASH &&
    bytes[at + 10] === T &&
    bytes[at + 13] === COLON &&
    bytes[at + 16] === COLON &&
    bytes[at + 19] === POINT &&
    bytes[at + 23] === Z &&
    pair(bytes, at) <= 99 &&
    pair(bytes, at + 2) <= 99 &&
    within(pair(bytes, at + 5), 12) &&
    within(pair(bytes, at + 8), 31) &&
    pair(bytes, at + 11) <= 23 &&
    pair(bytes, at + 14) <= 59 &&
    pair(bytes, at + 17) <= 59 &&
    pair(bytes, at + 20) <= 99 &&
    digit(bytes, at + 22) <= 9
  );
}

const within = (value: number, last: number): boolean => value >= 1 && value <= last;

/** More than any number of two digits, if these are none. */
const NONE = 1_000;

function digit(bytes: Buffer, at: number): number {
  const value = bytes[at]! - ZERO;
  return value >= 0 && value <= 9 ? value : NONE;
}

const pair = (bytes: Buffer, at: number): number => 10 * digit(bytes, at) + digit(bytes, at + 1);
