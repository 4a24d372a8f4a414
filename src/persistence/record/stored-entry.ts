// An append that arrived as the bytes that another node has stored: they are stored again as they
// are, and nothing is parsed but what somebody asks for. It has an idempotency key at most beside
// its message. The rule: it is the entry that parsing its text would give.

import { type Epoch, epoch as epochOf, type LogIndex, logIndex } from '../../core/ids.ts';
import type { Entry } from '../../core/operation.ts';
import { bareMessageEnd, messageIn } from './plain-append.ts';
import { USUAL_LENGTH } from './timestamp.ts';

export class StoredEntry {
  readonly index: LogIndex;
  readonly epoch: Epoch;
  readonly op = 'append';
  /** Its JSON text stands in these, with others: a view for each would be most of what an entry
   * takes. */
  readonly bytes: Buffer;
  readonly from: number;
  /** Bytes of its text. */
  readonly length: number;
  /** Bytes of its text before the message. */
  private readonly lead: number;
  /** Bytes of the message, as it stands there. */
  readonly size: number;

  private constructor(
    bytes: Buffer,
    from: number,
    end: number,
    message: { readonly from: number; readonly end: number },
    place: { readonly index: number; readonly epoch: number },
  ) {
    this.bytes = bytes;
    this.from = from;
    this.length = end - from;
    this.lead = message.from - from;
    this.size = message.end - message.from;
    this.index = logIndex(place.index);
    this.epoch = epochOf(place.epoch);
  }

  /**
   * The entry whose text stands between `start` and `end`; null if it must be parsed, because it is
   * not an append, has more than a message and an idempotency key, or anything escaped in them. The
   * bytes are known to be UTF-8, and must not change any more.
   */
  static of(bytes: Buffer, start: number, end: number): StoredEntry | null {
    const message = messageIn(bytes, start, end);
    const messageEnd = message < 0 ? -1 : bareMessageEnd(bytes, message, end);
    if (messageEnd < 0) return null;
    const index = numberAt(bytes, start + INDEX_AT);
    const digits = digitsOf(index);
    const epoch = numberAt(bytes, start + INDEX_AT + digits + EPOCH_AFTER);
    const sound = index >= 1 && Number.isSafeInteger(index) && Number.isSafeInteger(epoch);
    // A number with zeros before it would be written without them.
    const width = start + INDEX_AT + digits + EPOCH_AFTER + digitsOf(epoch) + MESSAGE_AFTER;
    if (!sound || width !== message) return null;
    const text = { from: message, end: messageEnd };
    return new StoredEntry(bytes, start, end, text, { index, epoch });
  }

  get at(): string {
    const { bytes, from, lead } = this;
    return bytes.toString('latin1', from + lead - MESSAGE_AFTER + AT_AFTER, from + lead - TAIL);
  }

  get message(): string {
    const { bytes, from, lead, size } = this;
    return bytes.toString('utf8', from + lead, from + lead + size);
  }

  /** Whether it is a message and nothing else. */
  get plain(): boolean {
    return this.lead + this.size === this.length - 2;
  }

  get idempotencyKey(): string | undefined {
    if (this.plain) return undefined;
    const { bytes, from, lead, size, length } = this;
    return bytes.toString('latin1', from + lead + size + KEY_AFTER, from + length - 2);
  }

  toJSON(): Entry {
    return JSON.parse(this.bytes.toString('utf8', this.from, this.from + this.length)) as Entry;
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
/** Of `","idempotencyKey":"`. */
const KEY_AFTER = 20;
/** Between the epoch and the message. */
const MESSAGE_AFTER: number = AT_AFTER + USUAL_LENGTH + TAIL;

/** How many digits a whole number has, up to those that a number can hold exactly. */
function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits += 1;
  return digits;
}

function numberAt(bytes: Buffer, start: number): number {
  let value = 0;
  for (let at = start; ; at += 1) {
    const digit = bytes[at]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return value;
    value = value * 10 + digit;
  }
}
