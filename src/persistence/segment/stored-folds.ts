// The keys and the requests of a segment, as they stand in its summary. All numbers are of 64 bits,
// little-endian. The rule: a little at a time when they are written, since nobody waits for that.
//
// Keys: for each its index above the segment's first, doubled, and 1 more if it has a value; then
// the keys as a JSON array. Requests: for each first index, count, fingerprint; then the keys
// likewise. Of none there is nothing.

import { crc32 } from 'node:zlib';
import { type LogIndex, logIndex } from '../../core/ids.ts';
import type { OpenRequest } from '../../core/log/deduplication.ts';
import type { KnownRequest } from '../../core/log/known-requests.ts';
import type { BatchRange, FoldedRun } from '../../core/log/ledger.ts';
import type { Digest, Keyed } from './digest.ts';

/** A section of a summary, in parts. */
export interface EncodedSection {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  readonly checksum: number;
}

/** Encoded keys or requests. */
interface EncodedList extends EncodedSection {
  readonly count: number;
}

export interface EncodedFolds {
  readonly keys: EncodedList;
  readonly requests: EncodedList;
}

/** Encoded at once: half a millisecond of work. */
const AT_ONCE = 1_000;

const NUMBER_BYTES = 8;

/** How one of them is stored. */
interface Form<T> {
  /** Numbers of each. */
  readonly numbers: number;
  put(numbers: Buffer, at: number, one: T): void;
  text(one: T): string;
}

/** `first`: index at which the segment begins. `pause` is called after each little. */
export async function encodeFolds(
  digest: Digest,
  first: number,
  pause: () => Promise<void> | void,
): Promise<EncodedFolds> {
  const { keys, requests } = digest;
  return {
    keys: await encoded(keys, keys.size, keyForm(first), pause),
    requests: await encoded(requests, requests.length, REQUEST_FORM, pause),
  };
}

export function sectionOf(parts: readonly Buffer[]): EncodedSection {
  let bytes = 0;
  let checksum = 0;
  for (const part of parts) {
    bytes += part.length;
    checksum = crc32(part, checksum);
  }
  return { parts: parts.filter(({ length }) => length > 0), bytes, checksum };
}

function keyForm(firstIndex: number): Form<readonly [string, Keyed]> {
  return {
    numbers: 1,
    put: (numbers, at, [, { index, present }]) => {
      numbers.writeDoubleLE((index - firstIndex) * 2 + (present ? 1 : 0), at);
    },
    text: ([key]) => key,
  };
}

const REQUEST_FORM: Form<KnownRequest> = {
  numbers: 3,
  put: (numbers, at, { first, count, fingerprint }) => {
    numbers.writeDoubleLE(first, at);
    numbers.writeDoubleLE(count, at + NUMBER_BYTES);
    numbers.writeDoubleLE(fingerprint, at + 2 * NUMBER_BYTES);
  },
  text: ({ key }) => key,
};

async function encoded<T>(
  all: Iterable<T>,
  count: number,
  form: Form<T>,
  pause: () => Promise<void> | void,
): Promise<EncodedList> {
  if (count === 0) return { ...sectionOf([]), count };
  const size = form.numbers * NUMBER_BYTES;
  const numbers = Buffer.allocUnsafe(count * size);
  const parts = [numbers];
  let texts: string[] = [];
  let at = 0;
  const flush = (): void => {
    const begins = parts.length === 1 ? '[' : ',';
    const ends = at === numbers.length ? ']' : '';
    parts.push(Buffer.from(`${begins}${JSON.stringify(texts).slice(1, -1)}${ends}`));
    texts = [];
  };
  for (const one of all) {
    form.put(numbers, at, one);
    texts.push(form.text(one));
    at += size;
    if (texts.length === AT_ONCE && at < numbers.length) {
      flush();
      await pause();
    }
  }
  flush();
  await pause();
  return { ...sectionOf(parts), count };
}

/** What is known of a run beside its keys and requests. */
interface RunHead {
  readonly first: number;
  readonly last: number;
  readonly batch: BatchRange | null;
  readonly open: OpenRequest | null;
  readonly keyCount: number;
  readonly requestCount: number;
}

/** A folded run as it was read from a summary. */
export class StoredFolds implements FoldedRun {
  readonly last: LogIndex;
  readonly batch: BatchRange | null;
  readonly open: OpenRequest | null;
  private readonly head: RunHead;
  private readonly keys: Buffer;
  private readonly requests: Buffer;

  /** `keys`, `requests`: their sections; empty where none are wanted. */
  constructor(head: RunHead, keys: Buffer, requests: Buffer) {
    this.last = logIndex(head.last);
    this.batch = head.batch;
    this.open = head.open;
    this.head = head;
    this.keys = keys;
    this.requests = requests;
  }

  eachKey(visit: (key: string, index: LogIndex, present: boolean) => void): void {
    const { keyCount, first } = this.head;
    for (const [i, key] of texts(this.keys, keyCount * NUMBER_BYTES).entries()) {
      const number = this.keys.readDoubleLE(i * NUMBER_BYTES);
      visit(key, logIndex(first + Math.floor(number / 2)), number % 2 === 1);
    }
  }

  eachRequest(visit: (request: KnownRequest) => void): void {
    const { requests } = this;
    const size = REQUEST_FORM.numbers * NUMBER_BYTES;
    for (const [i, key] of texts(requests, this.head.requestCount * size).entries()) {
      const first = logIndex(requests.readDoubleLE(i * size));
      const count = requests.readDoubleLE(i * size + NUMBER_BYTES);
      const fingerprint = requests.readDoubleLE(i * size + 2 * NUMBER_BYTES);
      visit({ key, first, count, fingerprint });
    }
  }
}

function texts(section: Buffer, start: number): string[] {
  if (section.length === 0) return [];
  return JSON.parse(section.subarray(start).toString('utf8')) as string[];
}
