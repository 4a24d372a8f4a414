// Reads a folder's files by src/persistence/README.md alone: slow, obvious, and without a line of
// the program. What is whole, in which order, and where is the first damage?

import { crc32 } from 'node:zlib';

export type Files = ReadonlyMap<string, Buffer>;

export interface PlainlyRead {
  /** The entries before any damage, as they are stored. */
  readonly texts: string[];
  lastIndex: number;
  damage: { readonly file: string; readonly offset: number } | null;
  /** An interrupted last write: bytes that a start cuts off. */
  torn: { readonly file: string; readonly bytes: number } | null;
  /** A segment of a later format, here or behind the damage. */
  later: string | null;
  /** Segments that compaction has put into another one. */
  readonly replaced: string[];
}

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
const firstOf = (name: string): number => Number(name.slice(4, 20));
const SEGMENT = /^log-\d{16}\.seg$/;
const HEAD = 32;

/** What stands in the log where the reader is. */
interface Place {
  hash: number;
  epoch: number;
  /** The segment before was written by compaction. */
  compacted: boolean;
}

export function readPlainly(files: Files): PlainlyRead {
  const found: PlainlyRead = {
    texts: [],
    lastIndex: 0,
    damage: null,
    torn: null,
    later: null,
    replaced: [],
  };
  const place: Place = { hash: 0, epoch: 0, compacted: false };
  const names = [...files.keys()].filter((name) => /^log-\d{16}\.(seg|sum)$/.test(name));
  const segments = names.filter((name) => SEGMENT.test(name));
  // A summary counts where its segment would stand.
  for (const segment of [...new Set(names.map((name) => name.replace('.sum', '.seg')))].sort()) {
    if (!files.has(segment)) {
      const told = firstOf(segment) > found.lastIndex && tellsOfEntries(files, segment, place);
      if (told) found.damage = { file: segment, offset: 0 };
    } else {
      const last = segment === segments.sort().at(-1);
      readSegment(files, segment, last, place, found);
    }
    if (found.damage !== null || found.later !== null) break;
  }
  const from = found.damage?.file ?? '~';
  const behind = (name: string): boolean => name >= from && isLater(headerOf(files.get(name)!));
  found.later ??= segments.find(behind) ?? null;
  return found;
}

/** What is to be said of `memory.json`, which may be missing. */
export function bookkeepingIn(files: Files): 'whole' | 'damaged' | 'later' {
  const text = files.get('memory.json')?.toString();
  if (text === undefined) return 'whole';
  try {
    const { format, memory } = JSON.parse(text);
    if (format > 1) return 'later';
    const checksum = crc32(JSON.stringify(memory));
    const again = `${JSON.stringify({ format: 1, checksum, memory })}\n`;
    return Buffer.from(again).equals(files.get('memory.json')!) ? 'whole' : 'damaged';
  } catch {
    return 'damaged';
  }
}

const isLater = (said: { readonly version: number } | null): boolean =>
  said !== null && said.version > 2;

function readSegment(
  files: Files,
  name: string,
  last: boolean,
  place: Place,
  found: PlainlyRead,
): void {
  const bytes = files.get(name)!;
  const first = firstOf(name);
  const said = headerOf(bytes);
  const damaged = (offset: number): void => {
    found.damage = { file: name, offset };
  };
  if (isLater(said) && (place.compacted || first > found.lastIndex)) {
    found.later = name;
    return;
  }
  if (place.compacted && first <= found.lastIndex) {
    if (said !== null && said.first !== first) damaged(0);
    else found.replaced.push(name);
    return;
  }
  if (found.lastIndex === 0 ? first !== 1 : first <= found.lastIndex) {
    damaged(0);
    return;
  }
  const possible = [header(1, first, 0, place), header(2, first, 0, place)];
  possible.push(header(2, first, 1, place));
  const head = bytes.subarray(0, HEAD);
  if (!possible.some((one) => one.equals(head))) {
    const same = Math.max(...possible.map((one) => sameBytes(one, head)));
    const torn = last && isZero(bytes.subarray(same)) && !tellsOfEntries(files, name, place);
    if (torn) found.torn = { file: name, bytes: bytes.length };
    else damaged(isZero(head.subarray(same)) ? 0 : same);
    return;
  }
  const before = found.texts.length;
  const told = last ? durableTold(files, name, place) : 0;
  const end = readRecords(name, bytes, last, place, found);
  if (found.texts.length === before && found.damage === null) {
    if (!last) damaged(HEAD);
    else if (tellsOfEntries(files, name, place)) damaged(0);
    else found.torn = { file: name, bytes: bytes.length };
  } else if (told > end && found.damage === null) {
    damaged(end);
  } else if (end < bytes.length && found.damage === null) {
    found.torn = { file: name, bytes: bytes.length - end };
  }
  place.compacted = bytes.readUInt16LE(18) === 1;
}

/** Returns where the last whole record ends. */
function readRecords(
  name: string,
  bytes: Buffer,
  last: boolean,
  place: Place,
  found: PlainlyRead,
): number {
  const holes = bytes.readUInt32LE(8) === 2;
  const first = firstOf(name);
  let index = holes ? first - 1 : found.lastIndex;
  let writeEnd = HEAD;
  for (let at = HEAD; at < bytes.length; ) {
    const flaw = flawAt(bytes, at);
    const length = flaw === null || flaw === 'payload' ? bytes.readUInt32LE(at + 4) : 0;
    if (flaw !== null) {
      const lastWrite = last && !(at < writeEnd && writeEnd < bytes.length);
      const zeros = flaw === 'payload' ? at + HEAD + length - 1 : at + HEAD;
      const torn = lastWrite && (flaw === 'short' || isZero(bytes.subarray(zeros)));
      if (!torn) found.damage = { file: name, offset: at };
      return at;
    }
    const payload = bytes.subarray(at + HEAD, at + HEAD + length);
    const [own, epoch] = [bytes.readUIntLE(at + 16, 6), bytes.readUIntLE(at + 22, 6)];
    const [hash, write] = [bytes.readUInt32LE(at + 12), bytes.readUInt32LE(at + 28)];
    const begins = at === writeEnd;
    if (begins) writeEnd = at + write;
    const behindHole = holes && own > index + 1;
    const follows = own > index && (behindHole || crc32(payload, place.hash) === hash);
    const fits = begins === write > 0 && at + HEAD + length <= writeEnd;
    const starts = holes || at > HEAD || own === first;
    if (!follows || !fits || !starts || epoch < place.epoch) {
      found.damage = { file: name, offset: at };
      return at;
    }
    found.texts.push(payload.toString());
    index = own;
    found.lastIndex = own;
    place.hash = hash;
    place.epoch = epoch;
    at += HEAD + length;
  }
  return bytes.length;
}

/** What is wrong with a record in itself; null: nothing. */
function flawAt(bytes: Buffer, at: number): 'header' | 'payload' | 'short' | null {
  if (at + HEAD > bytes.length) return 'short';
  const length = bytes.readUInt32LE(at + 4);
  const sound = crc32(bytes.subarray(at + 4, at + HEAD)) === bytes.readUInt32LE(at);
  if (!sound || length < 1 || length > (16 << 20) + (64 << 10)) return 'header';
  const payload = bytes.subarray(at + HEAD, at + HEAD + length);
  if (payload.length < length) return 'short';
  return crc32(payload) === bytes.readUInt32LE(at + 8) ? null : 'payload';
}

function header(version: number, first: number, mark: number, { hash }: Place): Buffer {
  const bytes = Buffer.alloc(HEAD);
  bytes.write('replog');
  bytes.writeUInt32LE(version, 8);
  bytes.writeUIntLE(first, 12, 6);
  bytes.writeUInt16LE(mark, 18);
  bytes.writeUInt32LE(hash, 20);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

function headerOf(bytes: Buffer): { version: number; first: number } | null {
  if (bytes.length < HEAD || bytes.toString('latin1', 0, 8) !== 'replog\0\0') return null;
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) return null;
  return { version: bytes.readUInt32LE(8), first: bytes.readUIntLE(12, 6) };
}

function sameBytes(one: Buffer, other: Buffer): number {
  let same = 0;
  while (same < other.length && one[same] === other[same]) same += 1;
  return same;
}

/** Whether a summary, or an outline that goes beyond the first write, stands beside the segment. */
function tellsOfEntries(files: Files, segment: string, { hash }: Place): boolean {
  const bytes = files.get(segment.replace('.seg', '.sum')) ?? Buffer.alloc(0);
  if (bytes.toString('latin1', 0, 8) === 'replogsu' && bytes.length >= 24) {
    const end = 24 + bytes.readUInt32LE(12);
    const text = bytes.subarray(24, end);
    if (![1, 2].includes(bytes.readUInt32LE(8)) || crc32(text) !== bytes.readUInt32LE(16))
      return false;
    const { first, sections } = JSON.parse(text.toString());
    const points = bytes.subarray(end, end + sections[0].bytes);
    return first === firstOf(segment) && crc32(points) === sections[0].checksum;
  }
  return durableTold(files, segment, { hash }) > HEAD;
}

/** Up to which byte of a segment all was durable, as its outline says; 0: there is none. */
function durableTold(files: Files, segment: string, { hash }: { readonly hash: number }): number {
  const bytes = files.get(segment.replace('.seg', '.sum')) ?? Buffer.alloc(0);
  let told = 0;
  let from = HEAD;
  for (let at = 8; bytes.toString('latin1', 0, 8) === 'replogou' && at + 12 <= bytes.length; ) {
    const text = at + 12 + bytes.readUInt32LE(at + 4);
    const end = at + 12 + bytes.readUInt32LE(at + 8);
    const whole = text <= end && end <= bytes.length;
    if (!whole || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32LE(at)) break;
    const part = JSON.parse(bytes.toString('utf8', at + 12, text));
    const same = part.first === firstOf(segment) && part.hashBefore === hash;
    if (!same || part.from !== from) break;
    told = part.reached.writeStart;
    from = part.reached.end.offset;
    at = end;
  }
  return told;
}
