// What a series of Snapshots amounts to, copies left out.

import type { Answer } from '../process/program.ts';
import type { Arrived } from './scripted-peer.ts';

/** Every operation as its seq and its index. */
export function sequence(snapshots: readonly Arrived[]): [number, number][] {
  const pairs = new Map<number, number>();
  for (const { body } of snapshots) {
    for (const [i, { index }] of body.updates.entries()) pairs.set(body.seq + i, index);
  }
  return [...pairs].toSorted(([a], [b]) => a - b);
}

/** The key-value state that these Snapshots come to. */
export function fold(snapshots: readonly Arrived[]): Record<string, string> {
  const updates = new Map<number, Answer['body']>();
  for (const { body } of snapshots) {
    for (const update of body.updates) updates.set(update.index, update);
  }
  const state = new Map<string, string>();
  for (const [, { op, key, value }] of [...updates].toSorted(([a], [b]) => a - b)) {
    if (op === 'put') state.set(key, value);
    else state.delete(key);
  }
  return Object.fromEntries(state);
}
