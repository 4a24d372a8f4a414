// What may befall the files of a folder that nobody works in.

import type { Chance } from '../../src/sim/chance.ts';
import { laterFormat } from './later-format.ts';

/** One file of a folder, and what else there is. */
interface Harmed {
  readonly files: Map<string, Buffer>;
  readonly name: string;
  readonly bytes: Buffer;
  /** A place in it; 0 in an empty file. */
  readonly at: number;
  readonly chance: Chance;
  /** The files of another node. */
  readonly others: ReadonlyMap<string, Buffer>;
  /** The same files, as they once were. */
  readonly earlier: ReadonlyMap<string, Buffer>;
}

const segment = (first: number): string => `log-${String(first).padStart(16, '0')}.seg`;

const HARMS: Readonly<Record<string, (harmed: Harmed) => Buffer | null>> = {
  'a bit turned over': ({ bytes, at, chance }) => {
    if (bytes.length > 0) bytes[at] = bytes[at]! ^ (1 << chance.whole(0, 7));
    return bytes;
  },
  'a sector of zeros': ({ bytes, at }) =>
    bytes.fill(0, at - (at % 64), Math.min(at - (at % 64) + 64, bytes.length)),
  'zeros to the end': ({ bytes, at }) => bytes.fill(0, at),
  'the end cut off': ({ bytes, at }) => bytes.subarray(0, at),
  'a piece missing': ({ bytes, at, chance }) =>
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + chance.whole(1, 60))]),
  emptied: () => Buffer.alloc(0),
  gone: () => null,
  doubled: ({ bytes }) => Buffer.concat([bytes, bytes]),
  longer: ({ bytes, chance }) => Buffer.concat([bytes, Buffer.alloc(chance.whole(1, 99), 'x')]),
  'gone with its summary': ({ files, name }) => {
    files.delete(name.replace('.seg', '.sum'));
    return null;
  },
  'changed places': ({ files, name, bytes, chance }) => {
    const other = chance.pick([...files.keys()]);
    const instead = files.get(other)!;
    files.set(other, bytes);
    return other === name ? bytes : instead;
  },
  renamed: ({ files, name, bytes, chance }) => {
    const first = Number(name.slice(4, 20));
    if (!Number.isInteger(first)) return bytes;
    const other = segment(Math.max(1, first + chance.whole(-4, 4)));
    files.delete(name);
    files.set(other.replace('.seg', name.slice(-4)), bytes);
    return files.get(name) ?? null;
  },
  'there twice': ({ files, name, bytes, chance }) => {
    const first = Number(name.slice(4, 20));
    if (name.endsWith('.seg')) files.set(segment(first + chance.whole(1, 9)), bytes);
    return bytes;
  },
  "another node's": ({ others, name, chance }) =>
    Buffer.from(others.get(name) ?? chance.pick([...others.values()])),
  'as it once was': ({ earlier, name, bytes }) => Buffer.from(earlier.get(name) ?? bytes),
  'of a later format': ({ name, bytes }) =>
    name.endsWith('.seg') && bytes.length >= 32 ? laterFormat(bytes) : bytes,
};

/** Harms one of the files; returns what was done, for people. */
export function harm(
  files: Map<string, Buffer>,
  others: ReadonlyMap<string, Buffer>,
  earlier: ReadonlyMap<string, Buffer>,
  chance: Chance,
): string {
  const names = [...files.keys()].filter((name) => /^(log-.*\.(seg|sum)|memory\.json)$/.test(name));
  if (names.length === 0) return 'nothing left';
  const segments = names.filter((name) => name.endsWith('.seg')).sort();
  const name = chance.pick(chance.happens(0.3) ? segments.slice(-1).concat(names[0]!) : names);
  const bytes = Buffer.from(files.get(name)!);
  const at = Math.max(0, chance.whole(0, bytes.length - 1));
  const what = chance.pick(Object.keys(HARMS));
  const instead = HARMS[what]!({ files, name, bytes, at, chance, others, earlier });
  if (instead === null) files.delete(name);
  else files.set(name, instead);
  return `${name} ${what}, byte ${at}`;
}
