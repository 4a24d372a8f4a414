// When a log looks for something to do with its closed segments.

import { describe, expect, it } from 'vitest';
import { foldedBy } from '../../../src/persistence/upkeep/folded.ts';
import { at } from '../entries.ts';
import { entriesOf, Node, written } from '../folded-log.ts';
import { Machine, SMALL } from '../machine.ts';
import { plain } from '../request-runs.ts';

describe('the looks for something to do', () => {
  /** So many waits, in milliseconds; `before`: what happens before one of them ends. */
  function waits(node: Node, count: number, before: (nth: number) => Promise<void> | void) {
    const seen: number[] = [];
    return new Promise<number[]>((resolve, reject) => {
      node.log.startUpkeep({
        compactTo: () => at(0),
        ...foldedBy(node.folds),
        after: (ms, run) => {
          seen.push(ms);
          if (seen.length === count) resolve(seen);
          else Promise.resolve(before(seen.length)).then(() => setImmediate(run), reject);
          return () => {};
        },
        damaged: reject,
        broken: reject,
      });
    });
  }

  const times = (count: number, ms: number): number[] => Array(count).fill(ms);

  it('are fewer once nothing has been written for ten seconds', async () => {
    const [first, second] = entriesOf(plain(2));
    const node = await new Node(new Machine(SMALL).open()).start(false);
    await node.write(first!);
    const seen = await waits(node, 35, (nth) => (nth === 25 ? node.write(second!) : undefined));
    await node.log.close();
    expect(seen).toEqual([...times(21, 500), ...times(4, 4_000), ...times(10, 500)]);
  }, 5_000);

  it('are as many as before after each that has found something', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, plain(400));
    const segments = machine.disk.names().filter((name) => name.endsWith('.seg'));
    expect(segments.length).toBeGreaterThan(25);
    const seen = await waits(node, 400, () => undefined);
    await node.log.close();
    const idle = seen.slice(seen.lastIndexOf(1) + 1);
    expect(idle.slice(0, 20)).toEqual([...times(19, 500), 4_000]);
  }, 20_000);
});

describe('a log that closes', () => {
  const turns = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  it('holds its folder until nothing is done there any more', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, plain(80));
    const { disk } = machine;
    const release = disk.hold('write');
    const upkeep = node.upkeep(0);
    while (!/^write .*sum/.test(disk.latest)) await turns(1);
    const closing = node.log.close();
    await turns(20);
    const isHeld = (): boolean => disk.names().some((name) => name.startsWith('lock-'));
    expect(isHeld()).toBe(true);
    release();
    await closing;
    expect(isHeld()).toBe(false);
    const { calls } = disk;
    await Promise.race([upkeep, turns(50)]);
    expect(disk.calls).toBe(calls);
  });
});
