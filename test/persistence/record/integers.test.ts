import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setUint32, setUint48, uint32, uint48 } from '../../../src/persistence/record/integers.ts';

const place = fc.nat(9);

test('32 bits are those of Node, at every place', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), place, (value, at) => {
      const [ours, nodes] = [Buffer.alloc(16, 0xa5), Buffer.alloc(16, 0xa5)];
      setUint32(ours, at, value);
      nodes.writeUInt32LE(value, at);
      expect(ours).toEqual(nodes);
      expect(uint32(ours, at)).toBe(value);
    }),
  );
});

test('48 bits are those of Node, at every place', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), place, (value, at) => {
      const lowest = value % 2 ** 48;
      const [ours, nodes] = [Buffer.alloc(16, 0xa5), Buffer.alloc(16, 0xa5)];
      setUint48(ours, at, lowest);
      nodes.writeUIntLE(lowest, at, 6);
      expect(ours).toEqual(nodes);
      expect(uint48(ours, at)).toBe(lowest);
    }),
  );
});

test('a negative number is written as the 32 bits that it is', () => {
  const bytes = Buffer.alloc(4);
  setUint32(bytes, 0, -2);
  expect(uint32(bytes, 0)).toBe(0xfffffffe);
});
