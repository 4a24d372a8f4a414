import { expect, test } from 'vitest';
import { Outline } from '../../../src/persistence/segment/outline.ts';
import { Outliner } from '../../../src/persistence/segment/outliner.ts';
import type { Segment } from '../../../src/persistence/segment/segment.ts';
import { SparseIndex } from '../../../src/persistence/segment/sparse-index.ts';
import { FakeDisk } from '../../../src/sim/disk/disk.ts';

/** A segment of records of 100 bytes, as far as an outliner looks at one. */
function growing(): { segment: Segment; grow(): void } {
  const outline = new Outline(32);
  const start = { first: 1, kind: 'plain', hashBefore: 0 };
  const index = new SparseIndex(new Uint32Array());
  let count = 0;
  const grow = (): void => {
    count += 1;
    const from = 32 + 100 * (count - 1);
    outline.add(count, 1, from, 'more');
    outline.cover({ index: count, hash: 0, offset: from + 100 }, count, [Buffer.alloc(100)], from);
  };
  return { segment: { outline, start, index, sealed: false } as unknown as Segment, grow };
}

test('behind a part that could not be written no other is: nobody would read it', async () => {
  const disk = new FakeDisk();
  let writes = 0;
  disk.faults = ({ kind }) => {
    if (kind !== 'write') return null;
    writes += 1;
    return writes === 1 ? { kind: 'fail', code: 'EIO' } : null;
  };
  const outliner = new Outliner(disk.mount());
  const { segment, grow } = growing();
  for (let part = 1; part <= 3; part += 1) {
    grow();
    outliner.due(segment, 1);
  }
  await outliner.close();
  expect([writes, segment.outline]).toEqual([1, null]);
});
