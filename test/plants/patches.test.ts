// What is planted in copies of the sources has a place there: a patch that fits no more is a test
// that shows nothing, and most of the suites that build the copies run only on request.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PLANTED_FAULTS } from '../demos/planted-faults.ts';
import { CHAOS_PLANTS } from '../long/chaos-plants.ts';
import { BANK } from './bank.ts';

const ROOT = new URL('../../', import.meta.url);

const PLANTED = [
  ...PLANTED_FAULTS.map(({ demo, patches }) => ({ name: `demo ${demo}`, patches })),
  ...CHAOS_PLANTS.map(({ bug, patches }) => ({ name: `chaos: ${bug}`, patches })),
  ...BANK.map(({ edits, name }) => ({ name, patches: edits })),
];

test.each(PLANTED)('$name', ({ patches }) => {
  for (const { file, search, replace } of patches) {
    const text = readFileSync(new URL(file, ROOT), 'utf8');
    expect(text.split(search), `${file}: ${search}`).toHaveLength(2);
    expect(replace).not.toBe(search);
  }
});
