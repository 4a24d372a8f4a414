// A plain append that arrived as the bytes that another node has stored: they are stored again as
// they are, and nothing is parsed but what somebody asks for. The rule: it is the entry that
// parsing its text would give.

import { type Epoch, epoch as epochOf, type LogIndex, logIndex } from '../core/ids.ts';
import type { Entry } from '../core/operation.ts';
import { plainText } from './plain-append.ts';

const BACKSLASH = 0x5c;
const SPACE = 0x20;

export class StoredEntry {
  readonly index: LogIndex;
  readonly epoch: Epoch;
  readonly op = 'append';
  /** Its JSON text. */
  readonly text: Buffer;
  /** Where the message begins in it. */
  private readonly start: number;

  private constructor(text: Buffer, start: number, index: number, of: number) {
    this.text = text;
    this.start = start;
    this.index = logIndex(index);
    this.epoch = epochOf(of);
  }

  /**
   * The entry whose text stands between `start` and `end`; null if it must be parsed, because it is
   * not a plain append or has anything escaped in its message. The bytes are known to be UTF-8, and
   * must not change any more.
   */
  static of(bytes: Buffer, start: number, end: number): StoredEntry | null {
    const message = plainText(bytes, start, end);
    if (message < 0) return null;
    for (let i = message; i < end - 2; i += 1) {
      const byte = bytes[i]!;
      if (byte === BACKSLASH || byte < SPACE) return null;
    }
    const index = numberAt(bytes, start + INDEX_AT);
    const digits = String(index).length;
    const of = numberAt(bytes, start + INDEX_AT + digits + EPOCH_AFTER);
    const sound = index >= 1 && Number.isSafeInteger(index) && Number.isSafeInteger(of);
    // A number with zeros before it would be written without them.
    const width = start + INDEX_AT + digits + EPOCH_AFTER + String(of).length + MESSAGE_AFTER;
    if (!sound || width !== message) return null;
    return new StoredEntry(bytes.subarray(start, end), message - start, index, of);
  }

  get at(): string {
    return this.text.toString('latin1', this.start - MESSAGE_AFTER + AT_AFTER, this.start - TAIL);
  }

  get message(): string {
    return this.text.toString('utf8', this.start, this.text.length - 2);
  }

  /** Bytes of the message, as it stands there. */
  get size(): number {
    return this.text.length - 2 - this.start;
  }

  toJSON(): Entry {
    return JSON.parse(this.text.toString('utf8')) as Entry;
  }
}

/** Of `{"index":`. */
const INDEX_AT = 9;
/** Of `,"epoch":`. */
const EPOCH_AFTER = 9;
/** Of `,"at":"`. */
const AT_AFTER = 7;
/** Of `","op":"append","message":"`. */
const TAIL = 27;
/** Between the epoch and the message. */
const MESSAGE_AFTER: number = AT_AFTER + 24 + TAIL;

function numberAt(bytes: Buffer, start: number): number {
  let value = 0;
  for (let at = start; ; at += 1) {
    const digit = bytes[at]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return value;
    value = value * 10 + digit;
  }
}
