// The log as encoded records: what it keeps in memory, and lets go of.

import { expect, test } from 'vitest';
import { EncodedLog } from '../../../src/persistence/log/encoded-log.ts';
import { entriesOf, textOf } from '../entries.ts';

const never = (): Buffer => {
  throw new Error('everything is in memory');
};

test('a log that was cut back to nothing holds nothing, and begins anew', () => {
  const layout = { dataStart: 0, segmentBytes: 1_500, blockBytes: 512, intervalBytes: 300 };
  const log = new EncodedLog({ ...layout, outlined: false });
  for (let turn = 0; turn < 2; turn += 1) {
    log.appendAll(entriesOf(1, 40), []);
    const { pieces } = log.cut(0, never)!;
    expect(pieces.length).toBeGreaterThan(1);
    expect([log.tail.start, log.tail.end]).toEqual([0, 0]);
    expect(log.tail.spans(0, 99)).toEqual([]);
  }
  log.appendAll(entriesOf(1, 3), []);
  expect(log.chunk(1, 3, log.pieces(1, 3)).json.toString()).toBe(textOf(entriesOf(1, 3)));
});
