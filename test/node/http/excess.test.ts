import { expect, test } from 'vitest';
import { PEER_LIMIT } from '../../../src/node/http/body.ts';
import { DEPTH_MAX, excessIn, PEER_VALUES_MAX, VALUES_MAX } from '../../../src/node/http/excess.ts';

const excess = (text: string) => excessIn(Buffer.from(text), VALUES_MAX);
const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;
const tooDeep = expect.stringContaining('deep');
const tooMany = expect.stringContaining('values');

test('so many arrays and objects within each other are enough, one more is too many', () => {
  expect(excess(nested(DEPTH_MAX))).toBeNull();
  expect(excess(`[${nested(DEPTH_MAX)}]`)).toEqual(tooDeep);
  expect(excess('['.repeat(DEPTH_MAX + 1))).toEqual(tooDeep);
});

test.each([
  ['numbers', '1', VALUES_MAX - 1],
  ['texts', '"a"', VALUES_MAX - 1],
  ['fields', '"a":1', VALUES_MAX - 1],
  // Each of these opens something, and stands behind a comma or an opening bracket.
  ['arrays', '[]', VALUES_MAX / 2 - 1],
  ['objects', '{}', VALUES_MAX / 2 - 1],
])('so many %s side by side are enough, one more is too many', (_, value, count) => {
  expect(excess(`{"a":[${`${value},`.repeat(count - 2)}${value}]}`)).toBeNull();
  expect(excess(`{"a":[${`${value},`.repeat(count + 1)}${value}]}`)).toEqual(tooMany);
});

test('the longest Snapshot of the shortest operations is not too much', () => {
  const shortest = { index: 1_000_000, epoch: 1, at: '2024-05-01T12:00Z', op: 'remove', key: 'k' };
  const update = JSON.stringify(shortest);
  const count = Math.floor(PEER_LIMIT / (update.length + 1));
  const body = Buffer.from(`{"updates":[${`${update},`.repeat(count - 1)}${update}]}`);
  expect(excessIn(body, PEER_VALUES_MAX)).toBeNull();
});

test('what stands in a text does not count', () => {
  expect(excess(JSON.stringify({ a: `\\"${'[{",'.repeat(VALUES_MAX)}\\` }))).toBeNull();
});
