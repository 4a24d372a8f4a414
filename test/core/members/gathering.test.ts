// What operations wait for before a Snapshot takes them along: those who wrote the one before it,
// and are about to write again.

import { expect, test } from 'vitest';
import { ReplicatorBench } from './replicator-bench.ts';

/** So many operations travel, and so many more wait, when the first are acknowledged after `ms`. */
function acknowledgedAfter(ms: number, travelling: number, waiting: number): ReplicatorBench {
  const link = new ReplicatorBench();
  link.append(travelling);
  link.run(ms / 2);
  if (waiting > 0) link.append(waiting);
  link.run(ms / 2);
  link.ack(0, travelling - 1);
  return link;
}

test('half a crowd waits for the other half, and they leave together', () => {
  const link = acknowledgedAfter(8, 10, 10);
  link.run(1);
  for (let back = 0; back < 10; back += 1) link.append();
  expect(link.drawn).toEqual(['0 ms: seq 0, 1-10', '9 ms: seq 10, 11-28']);
});

test('a crowd that is all under way is waited for when the first of it is back', () => {
  const link = acknowledgedAfter(8, 20, 0);
  link.run(1);
  link.append();
  link.run(1);
  link.append(19);
  expect(link.drawn).toEqual(['0 ms: seq 0, 1-20', '10 ms: seq 20, 21-40']);
});

test('those who do not come back hold it up for a quarter of a round trip', () => {
  const link = acknowledgedAfter(8, 10, 10);
  link.run(50);
  expect(link.drawn).toEqual(['0 ms: seq 0, 1-10', '10 ms: seq 10, 11-20']);
});

test('however long the round trip was, they hold it up for 6 ms at most', () => {
  const link = acknowledgedAfter(80, 10, 0);
  link.append(5);
  link.run(50);
  expect(link.drawn.at(-1)).toBe('86 ms: seq 10, 11-15');
});

test('who is late is somebody else, and goes at once', () => {
  const link = acknowledgedAfter(8, 20, 0);
  link.run(9);
  link.append();
  expect(link.drawn.at(-1)).toBe('17 ms: seq 20, 21-21');
});

test('nor is anybody waited for once few have written', () => {
  const link = acknowledgedAfter(8, 10, 0);
  link.append(10);
  link.run(8);
  link.ack(1, 19);
  link.append();
  link.run(4);
  link.ack(2, 20);
  link.append();
  expect(link.drawn.at(-1)).toBe('20 ms: seq 21, 22-22');
});

test('one writer alone is not waited for, nor are three', () => {
  const one = acknowledgedAfter(8, 1, 0);
  one.append();
  expect(one.drawn.at(-1)).toBe('8 ms: seq 1, 2-2');
  const three = acknowledgedAfter(8, 2, 1);
  expect(three.drawn.at(-1)).toBe('8 ms: seq 2, 3-3');
  const four = acknowledgedAfter(8, 2, 2);
  four.run(50);
  expect(four.drawn.at(-1)).toBe('10 ms: seq 2, 3-4');
});

test('large halves take turns: one is made while the other is under way', () => {
  const large = acknowledgedAfter(8, 21, 20);
  expect(large.drawn.at(-1)).toBe('8 ms: seq 21, 22-41');
  const smaller = acknowledgedAfter(8, 20, 20);
  smaller.run(50);
  expect(smaller.drawn.at(-1)).toBe('10 ms: seq 20, 21-40');
});

test('what gathers while a Snapshot is unacknowledged waits for nobody', () => {
  const link = new ReplicatorBench();
  link.append(10);
  link.append(10);
  link.run(20);
  link.append(1);
  link.ack(0, 9);
  link.run(20);
  expect(link.drawn.slice(1)).toEqual(['20 ms: seq 10, 11-20', '40 ms: seq 20, 21-21']);
});

test('where a copy was needed, what waits goes on at once', () => {
  const link = new ReplicatorBench();
  link.append(10);
  link.run(108);
  link.ack(1, 9);
  const copies = link.copies.length;
  expect(link.timesOf(0)).toEqual([0, 100]);
  link.append(5);
  expect(link.copies).toHaveLength(copies + 1);
});

test('the rest of a backlog goes on at once', () => {
  const link = new ReplicatorBench({
    held: 20,
    options: { snapshotEntriesMax: 8, fullInFlightMax: 1 },
  });
  link.turn();
  link.run(8);
  link.ack(0, 7);
  expect(link.drawn).toEqual(['0 ms: seq 0, 1-8', '8 ms: seq 8, 9-16']);
});
