// Folders that earlier versions have written: a start comes to what they held, by their summaries
// and outlines or without, and looks after them as after its own.

import { beforeAll, describe, expect, it } from 'vitest';
import { entryOf } from '../../src/core/operation.ts';
import { EARLIER, earlierEntries, earlierMachine } from './earlier-log.ts';
import { at } from './entries.ts';
import { Node } from './folded-log.ts';
import { Machine } from './machine.ts';

const WINDOW = 1_000;

/** What today's program knows of that log. */
let expected: unknown;

const start = (machine: Machine, brief: boolean): Promise<Node> =>
  new Node(machine.open(), WINDOW).start(brief);

async function stateOf(machine: Machine, brief: boolean): Promise<unknown> {
  const node = await start(machine, brief);
  await node.log.close();
  return node.state();
}

async function messagesIn({ log }: Node): Promise<string[]> {
  const { json } = await log.read(at(1), log.lastIndex);
  const entries = JSON.parse(`[${json}]`) as { op: string; message: string }[];
  return entries.flatMap(({ op, message }) => (op === 'append' ? [message] : []));
}

describe.each(EARLIER)('a folder of an earlier version, %s', (folder) => {
  beforeAll(async () => {
    const machine = new Machine();
    const node = await new Node(machine.open(), WINDOW).start(false);
    for (const entries of earlierEntries()) await node.write(entries);
    await node.log.close();
    expected = await stateOf(machine, false);
  });

  it('G4, G15: keeps its keys, epochs and requests, by summaries or without', async () => {
    expect(await stateOf(earlierMachine(folder), true)).toEqual(expected);
    expect(await stateOf(earlierMachine(folder), false)).toEqual(expected);
  });

  it('G15: keeps every message, and what the node remembered', async () => {
    const node = await start(earlierMachine(folder), true);
    const messages = earlierEntries().flat();
    expect(await messagesIn(node)).toEqual(
      messages.flatMap((entry) => (entry.op === 'append' ? [entry.message] : [])),
    );
    const { cluster, epoch, arbiter } = node.found!.memory!;
    expect({ cluster, epoch }).toEqual({ cluster: 'the cluster', epoch: 2 });
    expect(arbiter!.members.map(({ node: id }) => id)).toEqual(['n1', 'n2']);
    await node.log.close();
  });

  it('G15, G20: takes more, is compacted, and is the same at the next start', async () => {
    const machine = earlierMachine(folder);
    const node = await start(machine, true);
    const { lastIndex } = node.log;
    for (let i = 1; i <= 40; i += 1) {
      const entry = earlierEntries().at(-1)![0]!;
      const place = { index: at(lastIndex + i), epoch: entry.epoch, at: entry.at };
      const operation = { op: 'put', key: `new ${i % 3}`, value: 'v'.repeat(50) } as const;
      await node.write([entryOf(operation, place, { idempotencyKey: `new ${i}` })]);
    }
    await node.upkeep(node.log.lastIndex);
    await node.log.close();
    expect(node.reports).toEqual([]);
    const { epochs: _, ...state } = node.state() as Record<string, unknown>;
    for (const brief of [true, false]) {
      expect(await stateOf(machine, brief)).toMatchObject(state);
    }
  });
});
