import { describe, expect, test } from 'vitest';
import { epoch, logIndex } from '../../src/core/ids.ts';
import type { Request, Response } from '../../src/core/messages.ts';
import { peer } from './bench.ts';
import { masterOf } from './three.ts';
import { VirtualCluster } from './virtual-cluster.ts';
import type { Weather } from './virtual-network.ts';

/** An arbiter that replaces silent masters, and three nodes, n1 the master. */
function three(): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3, failover: true });
  for (const id of ['n1', 'n2', 'n3']) {
    cluster.start(id);
    cluster.run(200);
  }
  return cluster;
}

function ask(cluster: VirtualCluster, id: string, request: Request): Response[] {
  const answers: Response[] = [];
  cluster.request(id, request, (response) => answers.push(response));
  return answers;
}

const heartbeat = (of: number, from = 'n1'): Request => ({
  type: 'Heartbeat',
  epoch: epoch(of),
  master: peer(from),
  lastIndex: logIndex(0),
  commitIndex: logIndex(0),
});

describe('Office: a node that leaves', () => {
  /** n3 hears nothing of n1, and has told the arbiter so. */
  function doubting(): VirtualCluster {
    const cluster = three();
    cluster.weather = (from, to) => (from === 'n1' && to === 'n3' ? 'lost' : 1);
    cluster.run(7_000);
    expect(cluster.trace.filter((line) => line.includes('n3 → arbiter  Join'))).not.toHaveLength(1);
    return cluster;
  }

  /** Counts the Joins of this node. */
  function counting(id: string, weather: Weather) {
    const count = {
      joins: 0,
      weather: ((from, to, what) => {
        if (from === id && what === 'Join') count.joins += 1;
        return weather(from, to, what);
      }) as Weather,
    };
    return count;
  }

  const members = (cluster: VirtualCluster) => masterOf(cluster).members.map(({ node }) => node);

  test('C16: a heartbeat that comes late does not make it a member again', () => {
    const cluster = doubting();
    const count = counting('n3', () => 1);
    cluster.weather = count.weather;
    cluster.retire('n3');
    cluster.run(100);
    expect(cluster.status('n3').role).toBe('removed');
    ask(cluster, 'n3', heartbeat(1));
    cluster.run(2_000);
    expect(count.joins).toBe(0);
    expect(members(cluster)).toEqual(['n1', 'n2']);
  });

  test('C16: nor does one that comes while its Leave is under way', () => {
    const cluster = doubting();
    const count = counting('n3', (_from, _to, what) => (what === 'Left' ? 50 : 1));
    cluster.weather = count.weather;
    cluster.retire('n3');
    cluster.run(20);
    ask(cluster, 'n3', heartbeat(1));
    cluster.run(2_000);
    expect(cluster.status('n3').role).toBe('removed');
    expect(count.joins).toBe(0);
    expect(members(cluster)).toEqual(['n1', 'n2']);
  });

  test('C16: a master that is deposed while its Leave is under way does not join again', () => {
    const cluster = three();
    const count = counting('n1', (from, to, what) =>
      what === 'Left' ? 1_500 : from === 'arbiter' && to === 'n2' ? 'lost' : 1,
    );
    cluster.weather = count.weather;
    const answers: Response[] = [];
    cluster.retire('n1', (response) => answers.push(response));
    cluster.run(20);
    ask(cluster, 'n3', heartbeat(7, 'n2'));
    cluster.run(1_000);
    expect({ role: cluster.status('n1').role, answers }).toEqual({ role: 'removed', answers: [] });
    cluster.run(2_000);
    expect(answers).toEqual([{ type: 'Left' }]);
    expect(cluster.status('n1').role).toBe('removed');
    expect(count.joins).toBe(0);
  });

  test('C16: one whose Leave came to nothing asks once, and is a secondary again', () => {
    const cluster = doubting();
    const count = counting('n3', (_from, to, what) =>
      to === 'arbiter' && what === 'Leave' ? 'lost' : 1,
    );
    cluster.weather = count.weather;
    cluster.retire('n3');
    cluster.run(6_000);
    expect(cluster.status('n3').role).toBe('secondary');
    expect(count.joins).toBe(1);
  });
});
