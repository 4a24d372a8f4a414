// The bank of planted bugs, and what is written about it. That each of them is caught is shown
// beside the simulator's other runs (test/sim/campaigns.test.ts); the search for the seeds is a
// long test.

import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { BANK } from './bank.ts';
import { CAUGHT } from './catch-again.ts';
import { edited } from './planted-copy.ts';
import { tableOf } from './search.ts';

describe('the bank of planted bugs', () => {
  test('at least 40 are caught, each with a name of its own', () => {
    const names = BANK.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const caught = CAUGHT.map(({ name }) => name);
    expect(caught.length).toBeGreaterThanOrEqual(40);
    expect(caught).toEqual(names.filter((name) => caught.includes(name)));
    for (const { bug } of BANK) expect(bug).toMatch(/^B\d\d$/);
  });

  test('half of them are caught by seed 200, and none needs more than 10,000', () => {
    const seeds = CAUGHT.map(({ seed }) => seed).sort((a, b) => a - b);
    expect(seeds[Math.floor(seeds.length / 2)]).toBeLessThanOrEqual(200);
    expect(seeds.at(-1)).toBeLessThanOrEqual(10_000);
  });

  test('an edit that does not fit exactly once is refused', () => {
    const edit = { file: 'x', search: 'a', replace: 'b' };
    expect(edited('a c', [edit])).toBe('b c');
    expect(() => edited('c', [edit])).toThrow('x has 0 times: a');
    expect(() => edited('a a', [edit])).toThrow('x has 2 times: a');
  });

  test('the table in docs/planted-bugs.md is what was found', async () => {
    const page = await readFile(new URL('../../docs/planted-bugs.md', import.meta.url), 'utf8');
    const cells = (text: string) => text.replace(/ +\|/g, ' |').replace(/-+/g, '-');
    expect(cells(page)).toContain(cells(tableOf(CAUGHT)).split('\n').slice(2).join('\n'));
  });
});
