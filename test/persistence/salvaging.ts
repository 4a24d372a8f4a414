// A log of several segments in which bytes are changed, and that has others to fetch from.

import { BLANK_MEMORY, type Memory } from '../../src/core/effects.ts';
import { epoch } from '../../src/core/ids.ts';
import { HEADER_BYTES } from '../../src/persistence/record/record.ts';
import { at, entryAt } from './entries.ts';
import { Machine, SMALL } from './machine.ts';

export const SALVAGING = { ...SMALL, salvage: () => true };
export const REMEMBERED: Memory = {
  ...BLANK_MEMORY,
  cluster: 'c',
  epoch: epoch(4),
  acceptedEpoch: epoch(3),
};

/** A machine whose log holds `count` entries in several segments. */
export async function machineWith(count: number, options = SALVAGING): Promise<Machine> {
  const machine = new Machine(options);
  const { log } = await machine.recover();
  for (let i = 1; i <= count; i += 1) {
    log.append([entryAt(i)]);
    await log.persist(i, at(i));
  }
  await log.remember(REMEMBERED);
  await log.close();
  return machine;
}

export const segments = (machine: Machine): string[] =>
  [...machine.disk.contents().keys()].filter((name) => /^log-.*seg$/.test(name)).sort();

/** Where the record of an entry begins in its file. */
function placeOf(machine: Machine, message: string): { name: string; at: number } {
  for (const name of segments(machine)) {
    const found = machine.disk.content(name).indexOf(`"message":"${message}"`);
    if (found >= 0) return { name, at: found };
  }
  throw new Error(`${message} is nowhere`);
}

/** Changes one byte of an entry's text. */
export function flip(machine: Machine, index: number): string {
  const { name, at: place } = placeOf(machine, `message ${index}`);
  const bytes = machine.disk.content(name);
  bytes[place] = bytes[place]! ^ 4;
  machine.disk.place(name, bytes);
  return name;
}

/** Changes one byte of an entry's header. */
export function flipHeader(machine: Machine, index: number): void {
  const { name, at: place } = placeOf(machine, `message ${index}`);
  const bytes = machine.disk.content(name);
  const header = bytes.lastIndexOf('{', place) - HEADER_BYTES;
  bytes[header + 9] = bytes[header + 9]! ^ 4;
  machine.disk.place(name, bytes);
}

export const indexes = (entries: readonly { index: number }[]): number[] =>
  entries.map(({ index }) => index);
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
