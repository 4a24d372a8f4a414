import { describe, expect, test } from 'vitest';
import { epoch, logIndex, seq, session } from '../../../src/core/ids.ts';
import { HOLE_MAX } from '../../../src/core/log/log.ts';
import type { Snapshot } from '../../../src/core/messages.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { newPart } from '../../../src/core/secondary/snapshot-check.ts';
import { Bench, entries, entry } from '../bench.ts';

/** A log of entries 1…3 of epoch 1 and 4, 5 of epoch 2. */
const held = [...entries(1, 3, 1), ...entries(4, 5, 2)];

interface Shape {
  readonly at?: number;
  readonly expected?: number;
  readonly updates: readonly Entry[];
  readonly prev?: 'agrees' | 'differs' | 'ahead';
  readonly reset?: boolean;
  readonly committed?: number;
  /** Absent: nothing was accepted of the epoch yet. */
  readonly agreed?: number;
}

function check(shape: Shape): string {
  const bench = new Bench({ entries: held });
  bench.ledger.commit(logIndex(shape.committed ?? 0));
  const hash = bench.log.hash;
  const prevs = {
    agrees: { index: logIndex(5), hash },
    differs: { index: logIndex(5), hash: hash + 1 },
    ahead: { index: logIndex(6), hash },
  };
  const message: Snapshot = {
    type: 'Snapshot',
    epoch: epoch(3),
    session: session(1),
    seq: seq(shape.at ?? 0),
    updates: shape.updates,
    commitIndex: logIndex(0),
    ...(shape.prev === undefined ? {} : { prev: prevs[shape.prev] }),
    ...(shape.reset === undefined ? {} : { reset: shape.reset }),
  };
  const expected = seq(shape.expected ?? shape.at ?? 0);
  const agreed = shape.agreed === undefined ? null : logIndex(shape.agreed);
  const part = newPart(message, expected, bench.ledger, agreed);
  expect(bench.take()).toEqual([]);
  if (part.type === 'Refused') return part.code;
  const taken = part.entries.map(({ index }) => index).join(' ');
  return part.truncateAfter === null ? `+ ${taken}` : `cut ${part.truncateAfter} + ${taken}`;
}

describe('newPart', () => {
  test.each<{ what: string; shape: Shape; does: string }>([
    { what: 'what follows the log', shape: { updates: entries(6, 8, 3) }, does: '+ 6 7 8' },
    { what: 'nothing', shape: { updates: [] }, does: '+ ' },
    {
      what: 'what the log has',
      shape: { updates: [...entries(2, 3, 1), entry(4, 2)] },
      does: '+ ',
    },
    {
      what: 'what the log has in part',
      shape: { updates: [...entries(4, 5, 2), entry(6, 3)] },
      does: '+ 6',
    },
    {
      what: 'old numbers, which are not looked at',
      shape: { at: 0, expected: 2, updates: [entry(98, 1), entry(99, 1), entry(6, 3)] },
      does: '+ 6',
    },
    {
      what: 'only old numbers',
      shape: { at: 0, expected: 9, updates: entries(50, 52, 1) },
      does: '+ ',
    },
    {
      what: 'another epoch at an index that the log has',
      shape: { updates: [entry(4, 3), entry(5, 3)] },
      does: 'cut 3 + 4 5',
    },
    {
      what: 'another epoch where the log is committed',
      shape: { updates: [entry(4, 3)], committed: 4 },
      does: 'diverged',
    },
    {
      what: 'a whole other log, of a new epoch',
      shape: { updates: [...entries(1, 2, 1), entry(3, 3)], committed: 4 },
      does: 'cut 0 + 1 2 3',
    },
    {
      what: 'a whole other log, of the epoch that this one is of',
      shape: { updates: [...entries(1, 2, 1), entry(3, 3)], committed: 4, agreed: 0 },
      does: 'diverged',
    },
    {
      what: 'another epoch beyond what this master has sent',
      shape: { updates: [entry(4, 3)], agreed: 3 },
      does: 'cut 3 + 4',
    },
    {
      what: 'another epoch where it has sent something else',
      shape: { updates: [entry(4, 3)], agreed: 4 },
      does: 'diverged',
    },
    { what: 'a hole before it', shape: { updates: [entry(7, 3)] }, does: 'out-of-order' },
    {
      what: 'a hole in it',
      shape: { updates: [entry(6, 3), entry(8, 3)] },
      does: 'out-of-order',
    },
    {
      what: 'holes, with a word on what stands before',
      shape: { updates: [entry(7, 3), entry(9, 3)], prev: 'agrees' },
      does: '+ 7 9',
    },
    {
      what: 'a hole as large as one may be',
      shape: { updates: [entry(6 + HOLE_MAX, 3)], prev: 'agrees' },
      does: `+ ${6 + HOLE_MAX}`,
    },
    {
      what: 'a hole that is larger',
      shape: { updates: [entry(6, 3), entry(8 + HOLE_MAX, 3)], prev: 'agrees' },
      does: 'out-of-order',
    },
    { what: 'an epoch that falls', shape: { updates: [entry(6, 1)] }, does: 'out-of-order' },
    {
      what: 'an epoch from the future',
      shape: { updates: [entry(6, 4)] },
      does: 'out-of-order',
    },
    {
      what: 'updates in falling order',
      shape: { updates: [entry(6, 3), entry(6, 3)] },
      does: 'out-of-order',
    },
    {
      what: 'another log before it',
      shape: { updates: entries(6, 6, 3), prev: 'differs' },
      does: 'diverged',
    },
    {
      what: 'a place that the log has not reached',
      shape: { updates: entries(7, 7, 3), prev: 'ahead' },
      does: 'diverged',
    },
    {
      what: 'a question about a log that differs',
      shape: { updates: [], prev: 'differs' },
      does: 'diverged',
    },
    {
      what: 'a reset, whatever the log is',
      shape: { updates: [], prev: 'differs', reset: true },
      does: '+ ',
    },
    {
      what: 'another log before numbers that are old',
      shape: { at: 0, expected: 1, updates: [entry(5, 2), entry(6, 3)], prev: 'differs' },
      does: '+ 6',
    },
  ])('$what: $does', ({ shape, does }) => {
    expect(check(shape)).toBe(does);
  });
});
