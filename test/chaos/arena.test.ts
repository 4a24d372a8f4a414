// Whom the actors of a run ask, and what they take for a master.

import { expect, test } from 'vitest';
import type { ArenaParts } from '../../src/chaos/arena.ts';
import { Arena } from '../../src/chaos/arena.ts';
import { staged } from './staged.ts';

test('writers that are as patient at the same node share a client, others do not', () => {
  const nodes = ['n1', 'n2'].map((node, i) => ({ node, url: `http://127.0.0.1:${23_111 + i}` }));
  const arena = new Arena({ nodes, control: 'http://127.0.0.1:23110' } as unknown as ArenaParts);
  expect(arena.writerAt('n1', 1_500)).toBe(arena.writerAt('n1', 1_500));
  expect(arena.writerAt('n1', 1_500)).not.toBe(arena.writerAt('n1', 0));
  expect(arena.writerAt('n1', 0)).not.toBe(arena.writerAt('n2', 0));
  expect(arena.clientOf('n1')).toBe(arena.writerAt('n1', 0));
});

test('the health of a cluster is what a master says of it, and nobody else', async () => {
  const { arena } = staged();
  const { signal } = new AbortController();
  expect(await arena.health(signal)).toMatchObject({ node: 'n1', mode: 'read-write' });
  arena.master = 'n2';
  expect(await arena.health(signal)).toBeNull();
});
