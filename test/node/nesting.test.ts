import { expect, test } from 'vitest';
import { DEPTH_MAX, nestedTooDeep } from '../../src/node/nesting.ts';

const tooDeep = (text: string) => nestedTooDeep(Buffer.from(text));
const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;

test('so many arrays and objects within each other are enough, one more is too many', () => {
  expect(tooDeep(nested(DEPTH_MAX))).toBe(false);
  expect(tooDeep(`[${nested(DEPTH_MAX)}]`)).toBe(true);
  expect(tooDeep('['.repeat(DEPTH_MAX + 1))).toBe(true);
});

test('what is side by side is not nested, and brackets in a text are none', () => {
  expect(tooDeep(`[${'[],{},'.repeat(DEPTH_MAX)}1]`)).toBe(false);
  expect(tooDeep(JSON.stringify({ a: `\\"${'[{"'.repeat(DEPTH_MAX)}\\` }))).toBe(false);
});
