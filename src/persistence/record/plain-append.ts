// Tells by its bytes whether a record is an append and nothing else: no key, no batch, nothing
// that is remembered beside the message; or whether an idempotency key is all that is. The rule:
// when in doubt it is not, and the record is parsed. Most records of most logs are plain, which
// makes reading a segment several times faster.

import { HEADER_BYTES, payloadLength, recordEpoch, recordIndex } from './record.ts';
import { isUsualAt, USUAL_LENGTH } from './timestamp.ts';

const INDEX = Buffer.from('{"index":', 'latin1');
const EPOCH = Buffer.from(',"epoch":', 'latin1');
const AT = Buffer.from(',"at":"', 'latin1');
const MESSAGE = Buffer.from('","op":"append","message":"', 'latin1');

const KEY = Buffer.from('","idempotencyKey":"', 'latin1');

/** Characters of the longest idempotency key; each is a printable one of ASCII. */
const KEY_LENGTH_MAX = 128;

const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7d;
const SPACE = 0x20;
const TILDE = 0x7e;

/** Where the message's JSON text begins, behind its first quote; -1 if the record is not plain. It
 * ends two bytes before the payload. The record is whole. */
export function plainMessage(bytes: Buffer, at: number): number {
  const start = at + HEADER_BYTES;
  const end = start + payloadLength(bytes, at);
  return plainText(bytes, start, end, recordIndex(bytes, at), recordEpoch(bytes, at));
}

/** The same for an entry's JSON text alone, which stands between `start` and `end`; index and epoch
 * must be these, if they are given. */
export function plainText(
  bytes: Buffer,
  start: number,
  end: number,
  index?: number,
  epoch?: number,
): number {
  const message = messageIn(bytes, start, end, index, epoch);
  if (message < 0) return -1;
  // The first quote that ends the message must be the last one of the record.
  for (let quote = bytes.indexOf(QUOTE, message); quote < end - 2; ) {
    if (quote < 0 || !escaped(bytes, quote)) return -1;
    quote = bytes.indexOf(QUOTE, quote + 1);
  }
  return escaped(bytes, end - 2) ? -1 : message;
}

/** Where a message ends that begins at `message`, if nothing is escaped in it, and nothing stands
 * behind it but an idempotency key with nothing escaped; -1 if not. `end`: of the entry's text. */
export function bareMessageEnd(bytes: Buffer, message: number, end: number): number {
  const last = end - 2;
  if (standsForItself(bytes, message, last)) return last;
  const quote = bytes.indexOf(QUOTE, message);
  const key = quote < last ? literal(bytes, quote, KEY) : -1;
  const bare = key >= 0 && standsForItself(bytes, message, quote) && isKey(bytes, key, last);
  return bare ? quote : -1;
}

/** Whether these bytes are an idempotency key in which none is escaped. */
function isKey(bytes: Buffer, start: number, end: number): boolean {
  if (end <= start || end - start > KEY_LENGTH_MAX) return false;
  for (let i = start; i < end; i += 1) if (bytes[i]! > TILDE) return false;
  return standsForItself(bytes, start, end);
}

/** Where the message of what may be a plain append begins, if everything before the message and
 * behind it is as in one; -1 if not. The message itself is not looked at. */
export function messageIn(
  bytes: Buffer,
  start: number,
  end: number,
  index?: number,
  epoch?: number,
): number {
  let place = number(bytes, literal(bytes, start, INDEX), index);
  place = number(bytes, literal(bytes, place, EPOCH), epoch);
  place = literal(bytes, place, AT);
  if (place < 0 || place + USUAL_LENGTH + MESSAGE.length + 2 > end) return -1;
  if (!isUsualAt(bytes, place)) return -1;
  place = literal(bytes, place + USUAL_LENGTH, MESSAGE);
  return place >= 0 && bytes[end - 1] === BRACE && bytes[end - 2] === QUOTE ? place : -1;
}

/** Whether every byte stands for itself in a JSON text: none is a quote, a backslash or below a
 * space. */
function standsForItself(bytes: Buffer, start: number, end: number): boolean {
  // Nearly every text passes: to look at all of it, and decide once, is twice as quick.
  let other = 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    other |=
      OTHER[bytes[i]!]! | OTHER[bytes[i + 1]!]! | OTHER[bytes[i + 2]!]! | OTHER[bytes[i + 3]!]!;
  }
  for (; i < end; i += 1) other |= OTHER[bytes[i]!]!;
  return other === 0;
}

/** 1 for each byte that does not stand for itself. */
const OTHER: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === BACKSLASH || byte === QUOTE || byte < SPACE ? 1 : 0,
);

/** The place behind a fixed text; -1 if that does not stand at `place`, or `place` is -1. */
function literal(bytes: Buffer, place: number, text: Buffer): number {
  if (place < 0) return -1;
  for (let i = 0; i < text.length; i += 1) if (bytes[place + i] !== text[i]) return -1;
  return place + text.length;
}

/** The index in a plain entry's JSON text. */
export function plainIndex(bytes: Buffer, start: number): number {
  let index = 0;
  for (let at = start + INDEX.length; bytes[at] !== COMMA; at += 1) {
    index = index * 10 + bytes[at]! - 0x30;
  }
  return index;
}

/** The place behind a number that must be `expected`, if that is given; -1 if it is not. */
function number(bytes: Buffer, place: number, expected: number | undefined): number {
  if (place < 0) return -1;
  let value = 0;
  let at = place;
  for (; at < place + 16; at += 1) {
    const digit = bytes[at]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
  }
  return at > place && value === (expected ?? value) ? at : -1;
}

/** Whether an odd number of backslashes stands before the quote. */
function escaped(bytes: Buffer, quote: number): boolean {
  let at = quote;
  while (bytes[at - 1] === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 1;
}
