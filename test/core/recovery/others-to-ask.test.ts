import { expect, test } from 'vitest';
import { BLANK_MEMORY, type Memory } from '../../../src/core/effects.ts';
import { epoch, nodeId } from '../../../src/core/ids.ts';
import { hasPeers } from '../../../src/core/recovery/restoration.ts';

/** The bookkeeping of a node that is its own arbiter, with these members. */
function arbiterOf(...nodes: readonly string[]): Memory {
  const members = nodes.map((node) => ({ node: nodeId(node), url: node, incarnation: '1' }));
  return { ...BLANK_MEMORY, arbiter: { epoch: epoch(1), master: null, members, size: null } };
}

test('G19: whom a damaged node can ask: who joins an arbiter, the others there', () => {
  expect(hasPeers('n1', ['http://arbiter'], null)).toBe(true);
});

test('G15: who is its own arbiter has the members that it remembers, itself apart', () => {
  expect(hasPeers('n1', null, arbiterOf('n1', 'n2'))).toBe(true);
  expect(hasPeers('n1', null, arbiterOf('n1'))).toBe(false);
  expect(hasPeers('n1', null, BLANK_MEMORY)).toBe(false);
  expect(hasPeers('n1', null, null)).toBe(false);
});
