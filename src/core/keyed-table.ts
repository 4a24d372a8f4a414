// What is kept under keys of which each comes and goes once: tickets, idempotency keys. The rule:
// what is taken out leaves nothing behind. A Map makes its table anew every so many keys that went,
// and each of its old tables refers to the next one and to all that was in it: once one of them is
// among the old objects, V8 keeps all that follow, and whole requests with them, until it looks
// through all of its heap. Here the table only changes when it has to be larger.

const PLACES_MIN = 64;

/** 2³² by the golden ratio. */
const SCATTER = 0x9e3779b1;

/** Numbers that rise by one come to places far from each other: none is in a row of many that stay
 * for long. */
export const scattered = (number: number): number => Math.imul(number, SCATTER);

/** 32 bits in which all characters have a part. */
export function hashOf(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), SCATTER);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** Invariant: from the place where a key belongs to the one where it is none is free. */
export class KeyedTable<Key extends number | string, Value extends object> {
  private readonly hash: (key: Key) => number;
  /** As many places as a power of two, at least twice the keys. */
  private values: (Value | null)[] = new Array(PLACES_MIN).fill(null);
  private keys: (Key | null)[] = new Array(PLACES_MIN).fill(null);
  private hashes = new Int32Array(PLACES_MIN);
  private count = 0;
  /** The bits of a hash that do not say where a key belongs. */
  private shift = 32 - Math.log2(PLACES_MIN);

  /** `hash` gives 32 bits, of which the upper ones differ between keys. */
  constructor(hash: (key: Key) => number) {
    this.hash = hash;
  }

  get size(): number {
    return this.count;
  }

  get(key: Key): Value | undefined {
    return this.values[this.placeOf(key, this.hash(key))] ?? undefined;
  }

  /** Puts it there in place of what was kept under the same key. */
  put(key: Key, value: Value): void {
    if (2 * (this.count + 1) > this.values.length) this.grow();
    const hash = this.hash(key);
    const place = this.placeOf(key, hash);
    if (this.values[place] === null) this.count += 1;
    this.write(place, key, hash, value);
  }

  /** Takes a key out; returns what was kept under it. */
  take(key: Key): Value | undefined {
    const { hashes, keys, values } = this;
    let free = this.placeOf(key, this.hash(key));
    const taken = values[free] ?? undefined;
    if (taken === undefined) return undefined;
    this.count -= 1;
    // Those behind it move up, but for those that would come to stand before where they belong.
    const mask = values.length - 1;
    for (let place = (free + 1) & mask; values[place] !== null; place = (place + 1) & mask) {
      const home = hashes[place]! >>> this.shift;
      if (((place - home) & mask) < ((place - free) & mask)) continue;
      this.write(free, keys[place]!, hashes[place]!, values[place]!);
      free = place;
    }
    keys[free] = null;
    values[free] = null;
    return taken;
  }

  /** All that is kept, in no particular order. */
  all(): Value[] {
    return this.values.filter((value) => value !== null);
  }

  /** Where a key is, or where it would be put. */
  private placeOf(key: Key, hash: number): number {
    const { hashes, keys, values } = this;
    const mask = values.length - 1;
    let place = hash >>> this.shift;
    while (values[place] !== null && !(hashes[place] === hash && keys[place] === key)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  private write(place: number, key: Key, hash: number, value: Value): void {
    this.keys[place] = key;
    this.hashes[place] = hash;
    this.values[place] = value;
  }

  private grow(): void {
    const { hashes, keys, values } = this;
    this.values = new Array(2 * values.length).fill(null);
    this.keys = new Array(2 * values.length).fill(null);
    this.hashes = new Int32Array(2 * values.length);
    this.shift -= 1;
    for (const [from, value] of values.entries()) {
      if (value === null) continue;
      const key = keys[from]!;
      this.write(this.placeOf(key, hashes[from]!), key, hashes[from]!, value);
    }
  }
}
