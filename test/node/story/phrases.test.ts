import { expect, test } from 'vitest';
import {
  duration,
  others,
  persistStruck,
  refusal,
  struck,
  wanting,
} from '../../../src/node/story/phrases.ts';

test.each([
  [0, '0 ms'],
  [0.04, '0 ms'],
  [3.149, '3.1 ms'],
  [9.96, '10 ms'],
  [10.4, '10 ms'],
  [999.4, '999 ms'],
  [999.5, '1 s'],
  [1_249, '1.2 s'],
  [60_000, '60 s'],
])('%d ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('a client waits for a number of nodes, this one counted, or for a majority or all', () => {
  expect([wanting(1), wanting(2), wanting('majority'), wanting('all')]).toEqual([
    'this node has it',
    '2 nodes have it',
    'a majority has it',
    'all members have it',
  ]);
});

test('who travels alone has no company', () => {
  expect([others(4, 4), others(4, 5), others(4, 6)]).toEqual([
    '',
    ', with 1 other',
    ', with 2 others',
  ]);
});

test('what is known by a code or a name is explained, and anything else is shown as it is', () => {
  expect(refusal('stale-epoch')).toBe('stale-epoch, there is a newer epoch');
  expect(refusal('too-tired')).toBe('too-tired');
  expect(struck('delay', 150)).toBe('was delayed by 150 ms');
  expect(struck('fog', 0)).toBe('met fog');
  expect(persistStruck('fail')).toBe('it failed');
  expect(persistStruck('fog')).toBe('fog');
});
