// Whatever an entry holds, every log stores the same bytes for it, and hands out what was put in.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, Operation } from '../../src/core/operation.ts';
import { MemoryPersistence } from '../../src/persistence/log/memory-persistence.ts';
import { at, entryAt } from './entries.ts';
import { Machine } from './machine.ts';

/** Text as it comes through the door: well-formed, which lone surrogates are not. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }).filter((any) => Buffer.from(any).toString() === any),
  fc.constantFrom('__proto__', 'constructor', '10', '2', '-0', '1e400', '\0', '\u2028', '\ufeff'),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  text.map((message) => ({ op: 'append' as const, message })),
  fc.record({ op: fc.constant('put' as const), key: text, value: text }),
  text.map((key) => ({ op: 'remove' as const, key })),
);

const place = (index: number, each: Operation): Entry => {
  const { index: i, epoch, at: when } = entryAt(index);
  return { index: i, epoch, at: when, ...each };
};

describe('B35: whatever is in an entry', () => {
  it('a master, its secondary and both after a restart have equal hashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 20 }), async (all) => {
        const entries = all.map((each, i) => place(i + 1, each));
        const machine = new Machine();
        const master = (await machine.recover()).log;
        master.append(entries);
        await master.persist(1, master.lastIndex);

        const { json } = await master.read(at(1), master.lastIndex);
        const received = JSON.parse(`[${json.toString('utf8')}]`) as Entry[];
        expect(received).toEqual(entries);
        const secondary = new MemoryPersistence();
        secondary.append(received);
        machine.disk.restart(true);
        const again = await machine.recover();
        expect(again.entries).toEqual(entries);
        expect([secondary.hash, again.log.hash]).toEqual([master.hash, master.hash]);
      }),
      { numRuns: 200 },
    );
  });
});
