// What judges keep by index: as an array would, but as large as what is in it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByIndex, indexesOf } from '../../../src/check/log/by-index.ts';

const INDEX = fc.oneof(fc.nat(700), fc.nat(100_000_000));
const step = fc.oneof(
  fc.record({ set: INDEX, value: fc.nat(9) }),
  fc.record({ cut: fc.integer({ min: -1, max: 1_000 }) }),
);

test('it keeps what a map keeps, by rising index', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new ByIndex<number>();
      const model = new Map<number, number>();
      let end = 0;
      for (const one of steps) {
        if ('set' in one) {
          table.set(one.set, one.value);
          model.set(one.set, one.value);
          end = Math.max(end, one.set + 1);
        } else {
          const behind = [...model.keys()].filter((index) => index > one.cut);
          expect(table.cut(one.cut)).toBe(behind.length);
          for (const index of behind) model.delete(index);
          end = Math.min(end, one.cut + 1);
        }
        expect(table.last).toBe(model.get(end - 1));
      }
      const rising = [...model].sort(([a], [b]) => a - b);
      expect([...table.entries()]).toEqual(rising);
      for (const [index, value] of rising) expect(table.at(index)).toBe(value);
      expect([...indexesOf(table, new ByIndex())]).toEqual(rising.map(([index]) => index));
    }),
  );
});
