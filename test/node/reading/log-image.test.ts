// Whoever reads the whole log reads it as it was when they asked, also where it is compacted
// meanwhile.

import { describe, expect, it } from 'vitest';
import { Folds } from '../../../src/core/log/ledger.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { imageOf } from '../../../src/node/reading/log-reader.ts';
import { ReadingRoom } from '../../../src/node/reading/reading-room.ts';
import type { Chunk } from '../../../src/persistence/persistence.ts';
import { at } from '../../persistence/entries.ts';
import { entriesOf, type Node, type Request, written } from '../../persistence/folded-log.ts';
import { Machine, SMALL } from '../../persistence/machine.ts';
import { keyed, plain } from '../../persistence/request-runs.ts';

/** Larger than what an image reads at once, and in many segments. */
const LONG: Request = { step: { op: 'append', size: 3_000 }, named: false, turn: 1 };
const padding = (): Request[] => Array.from({ length: 150 }, () => LONG);

const put = (key: number): Request => ({
  step: { op: 'put', key, size: 30 },
  named: false,
  turn: 1,
});
const remove = (key: number): Request => ({ step: { op: 'remove', key }, named: false, turn: 1 });

/** Key 1 is written again behind the image, key 2 is removed within it, key 3 stays. */
const BEFORE = [put(1), put(2), put(3), ...padding(), ...keyed(40), remove(2), ...padding()];
const ALL = [...BEFORE, put(1), ...keyed(40), ...plain(200)];
const UP_TO = BEFORE.length;

/** The keys and their places that come of these entries. */
function stateOf(entries: readonly Entry[]): unknown {
  const folds = new Folds(DEFAULT_OPTIONS);
  for (const entry of entries) folds.observe(entry);
  return folds.store.list('', null, at(UP_TO));
}

/** A clock that goes on by hand. */
function handClock() {
  const waiting = new Set<() => void>();
  const after = (_ms: number, run: () => void): (() => void) => {
    waiting.add(run);
    return () => waiting.delete(run);
  };
  return { after, waiting };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const room = new ReadingRoom(systemClock());

const imageIn = (node: Node, clock = handClock()): AsyncGenerator<Chunk> =>
  imageOf(
    { engine: { persistence: node.log, cuts: 0 }, reader: room.enter(() => undefined) },
    clock,
    at(UP_TO),
  );

const isRewriting = ({ disk }: Machine): boolean =>
  disk.names().some((name) => name.endsWith('.seg.tmp'));

/** A log of which the first segment is being compacted. */
async function rewriting() {
  const machine = new Machine(SMALL, { later: (_, run) => setImmediate(run) });
  const node = await written(machine, ALL);
  const working = node.upkeep(node.log.lastIndex);
  while (!isRewriting(machine)) await turn();
  return { machine, node, working };
}

describe('an image of the log', () => {
  it('has all keys as they were, whatever is compacted while it is read', async () => {
    const node = await written(new Machine(SMALL), ALL);
    const { lastIndex } = node.log;
    const image = imageIn(node);
    const read: Entry[] = (await image.next()).value!.entries();
    await node.upkeep(lastIndex);
    for await (const chunk of image) read.push(...chunk.entries());
    expect(read.at(-1)!.index).toBe(UP_TO);
    expect(stateOf(read)).toEqual(stateOf(entriesOf(BEFORE).flat()));
    await node.log.close();
  });

  it('has them also where it begins while a segment is rewritten', async () => {
    const { node, working } = await rewriting();
    const image = imageIn(node);
    const read: Entry[] = (await image.next()).value!.entries();
    await working;
    for await (const chunk of image) read.push(...chunk.entries());
    expect(stateOf(read)).toEqual(stateOf(entriesOf(BEFORE).flat()));
    await node.log.close();
  });

  it('has what it held up done as soon as it is over', async () => {
    const { machine, node, working } = await rewriting();
    const release = node.log.hold();
    while (isRewriting(machine)) await turn();
    release();
    await working;
    const { lastIndex } = node.log;
    expect((await node.log.read(at(1), lastIndex)).count).toBeLessThan(lastIndex - 50);
    await node.log.close();
  });

  it('lets the log be compacted when it is read, or nobody wants it any more', async () => {
    for (const whole of [true, false]) {
      const node = await written(new Machine(SMALL), ALL);
      const { lastIndex } = node.log;
      const image = imageIn(node);
      await image.next();
      if (whole) for await (const _ of image);
      else await image.return(undefined);
      await node.upkeep(lastIndex);
      expect((await node.log.read(at(1), lastIndex)).count).toBeLessThan(lastIndex - 50);
      await node.log.close();
    }
  });

  it('holds up nothing for a reader that stands still, who is told so', async () => {
    const node = await written(new Machine(SMALL), ALL);
    const { lastIndex } = node.log;
    const clock = handClock();
    const image = imageIn(node, clock);
    await image.next();
    for (const run of clock.waiting) run();
    await node.upkeep(lastIndex);
    expect((await node.log.read(at(1), lastIndex)).count).toBeLessThan(lastIndex - 50);
    await expect(image.next()).rejects.toMatchObject({ name: 'ReaderStoodStill' });
    await node.log.close();
  });

  it('leaves no clock running', async () => {
    const node = await written(new Machine(SMALL), ALL);
    const clock = handClock();
    for await (const _ of imageIn(node, clock)) expect(clock.waiting.size).toBe(1);
    expect(clock.waiting.size).toBe(0);
    await node.log.close();
  });
});
