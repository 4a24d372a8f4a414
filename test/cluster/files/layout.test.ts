import { describe, expect, it } from 'vitest';
import {
  defaultDataDir,
  layoutOf,
  NAME_PATTERN,
  nextNodeId,
  nodeIds,
  portsOf,
} from '../../../src/cluster/files/layout.ts';

describe('layoutOf', () => {
  const layout = layoutOf({ name: 'c', port: 4000, nodes: nodeIds(2), dataDir: '/data/c' });

  it('puts the first node on the base port and the arbiter after the last node', () => {
    expect(layout.nodes.map(({ node, port }) => [node, port])).toEqual([
      ['n1', 4000],
      ['n2', 4001],
      ['n3', 4002],
    ]);
    expect(layout.arbiter).toEqual({ port: 4003, dataDir: '/data/c/arbiter' });
    expect(portsOf(layout)).toEqual([4000, 4001, 4002, 4003]);
  });

  it('gives each node a folder of its own, and none in memory', () => {
    expect(layout.nodes[1]?.dataDir).toBe('/data/c/n2');
    const memory = layoutOf({ name: 'c', port: 4000, nodes: ['n1'], dataDir: null });
    expect([memory.nodes[0]?.dataDir, memory.arbiter.dataDir]).toEqual([null, null]);
  });

  it('refuses a block that leaves the range of ports', () => {
    const at = (port: number) => layoutOf({ name: 'c', port, nodes: nodeIds(2), dataDir: null });
    expect(at(65_532).arbiter.port).toBe(65_535);
    expect(() => at(65_533)).toThrow(RangeError);
  });
});

describe('names', () => {
  it('keeps default data below the folder the command runs in', () => {
    expect(defaultDataDir('cluster-4000', '/home/me')).toBe('/home/me/.replog/cluster-4000');
  });

  it.each(['', '..', '.x', 'a/b', 'a b', 'x'.repeat(65)])('does not allow %j', (name) => {
    expect(NAME_PATTERN.test(name)).toBe(false);
  });

  it('never gives an id twice', () => {
    expect(nextNodeId(['n1', 'n2', 'n7', 'odd'])).toBe('n8');
    expect(nextNodeId([])).toBe('n1');
  });
});
