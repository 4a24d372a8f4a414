// Damage to a closed segment, for tests of who meets it, and whether the next start does.

import type { LogIndex } from '../../src/core/ids.ts';
import { at } from './entries.ts';
import { Node } from './folded-log.ts';
import type { Machine } from './machine.ts';

/** The file for which the next start refuses to go on. */
export const refusedFor = (machine: Machine): Promise<unknown> =>
  new Node(machine.open()).start(true).then(
    () => null,
    (error: { file?: string }) => error.file,
  );

export const firstOf = (name: string): LogIndex => at(Number(/\d+/.exec(name)));

export function segmentsOf({ disk }: Machine): string[] {
  return [...disk.contents().keys()].filter((name) => name.endsWith('.seg')).sort();
}

/** Turns a bit of a record over. */
export function flip({ disk }: Machine, name: string): void {
  const bytes = disk.content(name);
  bytes[200] = bytes[200]! ^ 1;
  disk.place(name, bytes);
}
