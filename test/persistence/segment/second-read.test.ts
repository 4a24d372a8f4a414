// Damage in the last record, and a disk that also reads wrongly: what nobody wrote proves nothing,
// so what is damaged is never cut off as the end of an interrupted write.

import { expect, test } from 'vitest';
import { DamagedLog } from '../../../src/persistence/persistence.ts';
import { FakeDisk } from '../../../src/sim/disk/disk.ts';
import { entriesOf } from '../entries.ts';
import { Node } from '../folded-log.ts';
import { Machine } from '../machine.ts';

/** Of a header that is read, the bit that makes its record 8 MiB longer. */
const LENGTH_BIT = 6 * 8 + 7;
const HEADER_BITS = 32 * 8;

test('G15: damage whose header is misread at the second look is damage still', async () => {
  const written = new Machine();
  await (await new Node(written.open()).start(false)).write(entriesOf(1, 5));
  written.disk.restart(false);
  const name = written.disk.names().find((each) => each.endsWith('.seg'))!;
  const bytes = Buffer.from(written.disk.content(name));
  bytes[bytes.length - 10]! ^= 1;
  let isOver = false;
  let reads = 0;
  for (let wrong = 1; !isOver; wrong += 1) {
    const disk = new FakeDisk({ random: () => (LENGTH_BIT + 0.5) / HEADER_BITS });
    disk.place(name, bytes);
    reads = 0;
    disk.faults = ({ kind, path }) => {
      if (kind !== 'read' || path !== name) return null;
      reads += 1;
      return reads === wrong ? { kind: 'flip' } : null;
    };
    const started = new Node(new Machine(undefined, {}, disk).open()).start(false);
    await expect(started, `read ${wrong}`).rejects.toBeInstanceOf(DamagedLog);
    expect(disk.content(name)).toEqual(bytes);
    isOver = reads < wrong;
  }
  expect(reads).toBeGreaterThan(2);
});
