// What a client hears, what it makes of silence, and when it asks again.

import { describe, expect, test } from 'vitest';
import type { WriteRecord } from '../../../src/check/history/history.ts';
import { Chance } from '../../../src/sim/chance.ts';
import { Client } from '../../../src/sim/cluster/client.ts';
import type { Cluster } from '../../../src/sim/cluster/cluster.ts';
import type { PlannedWrite } from '../../../src/sim/plan/plan.ts';
import { grown } from '../grown.ts';

const WRITE: PlannedWrite = {
  ...{ type: 'write', client: 'c1', at: 0, batch: false, w: 'all', timeoutMs: null },
  ...{ operations: [{ op: 'append', message: 'it' }], key: null, patienceMs: 1_000, tries: 1 },
  onlyNew: false,
};

/** What the client's attempts come to; `befalls` happens before the first one, `meanwhile` while
 * it waits. */
async function attempts(
  write: Partial<PlannedWrite>,
  befalls: (cluster: Cluster) => void,
  meanwhile: (cluster: Cluster) => void = () => {},
  planned = 1,
) {
  const cluster = await grown();
  cluster.history.length = 0;
  const operations = Array.from({ length: planned }, () => ({ ...WRITE, ...write }));
  const client = new Client('c1', { cluster, chance: new Chance(1), operations });
  const events: string[] = [];
  const { node } = cluster.site('n1');
  const { post } = node!;
  node!.post = (event) => {
    events.push(event.type);
    post.call(node, event);
  };
  befalls(cluster);
  client.proceed();
  cluster.timeline.after(100, () => meanwhile(cluster));
  await cluster.timeline.run(cluster.timeline.now + 6_000);
  client.end();
  const heard = cluster.history.filter((one): one is WriteRecord => one.type === 'write');
  return { events, heard, idle: client.idle };
}

/** Nobody but the master gets what is written. */
const alone = ({ network }: Cluster): void => {
  network.weather.begin('cut', { kind: 'cut', from: 'n1', to: '*' });
};

const kill = (cluster: Cluster, power = false): void => cluster.crash('n1', { power, severity: 0 });

describe('a write', () => {
  test('is answered', async () => {
    const { events, heard } = await attempts({}, () => {});
    expect(heard).toMatchObject([{ outcome: 'ok', node: 'n1', w: 'all', durable: true }]);
    expect(events).not.toContain('Abandoned');
  });

  test('whose client loses patience is open, and waits no more', async () => {
    const { events, heard, idle } = await attempts({}, alone);
    expect(heard).toMatchObject([{ outcome: 'unknown', code: 'gone', return: null }]);
    expect(events).toContain('Abandoned');
    expect(idle).toBe(true);
  });

  test('that nobody has answered when the recording ends is open', async () => {
    const { heard } = await attempts({ patienceMs: 60_000 }, alone);
    expect(heard).toEqual([expect.objectContaining({ outcome: 'unknown', return: null })]);
    expect(heard[0]).not.toHaveProperty('code');
  });

  test('with a key that was stored before is told so', async () => {
    const { heard } = await attempts({ key: 'k' }, () => {}, undefined, 2);
    expect(heard).toMatchObject([{ first: 6 }, { first: 6, duplicate: true }]);
    expect(heard[0]).not.toHaveProperty('duplicate');
  });

  test('of a new key only is refused when that has a value', async () => {
    const operations = [{ op: 'put', key: 'k', value: 'v' }] as const;
    const { heard } = await attempts({ operations, onlyNew: true }, () => {}, undefined, 2);
    expect(heard).toMatchObject([
      { outcome: 'ok' },
      { outcome: 'refused', code: 'precondition-failed' },
    ]);
  });

  test('that times out is open, and said to be in the log', async () => {
    const { heard } = await attempts({ timeoutMs: 200 }, alone);
    const code = 'write-concern-timeout';
    expect(heard).toMatchObject([{ outcome: 'unknown', code, first: 6, last: 6, acks: ['n1'] }]);
  });

  test('whose connection breaks is open', async () => {
    const { heard } = await attempts({}, alone, kill);
    expect(heard).toMatchObject([{ outcome: 'unknown', code: 'broken' }]);
  });

  test('to a secondary is refused, and goes to its master next', async () => {
    const cluster = await grown();
    cluster.history.length = 0;
    const operations = [{ ...WRITE, tries: 3 }];
    const client = new Client('c1', { cluster, chance: new Chance(1), operations });
    Object.assign(client, { target: 'n3' });
    client.proceed();
    await cluster.timeline.run(cluster.timeline.now + 1_000);
    expect(cluster.history).toMatchObject([
      { node: 'n3', outcome: 'refused', code: 'not-master' },
      { node: 'n1', outcome: 'ok' },
    ]);
  });

  test('to a process that is not there is refused; to no power at all it is open', async () => {
    const refused = await attempts({}, kill);
    expect(refused.heard).toMatchObject([{ outcome: 'refused', code: 'unreachable' }]);
    const dark = await attempts({}, (cluster) => kill(cluster, true));
    expect(dark.heard).toMatchObject([{ outcome: 'unknown', code: 'gone' }]);
  });

  test.each([
    ['open, without a key', { key: null }, alone, 1],
    ['open, with a key', { key: 'k' }, alone, 3],
    ['refused', { key: null }, kill, 3],
    ['refused for good', { key: null, w: 99 }, () => {}, 1],
    ['stored', { key: 'k' }, () => {}, 1],
  ])('that is %s is asked for so often: %j', async (_, more, befalls, times) => {
    const write = { tries: 3, patienceMs: 500, ...more };
    const { heard } = await attempts(write, (cluster) => befalls(cluster));
    expect(heard).toHaveLength(times);
  });
});

test.each(['local', 'majority', 'linearizable'] as const)('a %s read shows it', async (read) => {
  const cluster = await grown();
  cluster.history.length = 0;
  const asked = { client: 'c1', at: 0, node: 'n1', read, key: 'k' };
  const whole = { ...asked, type: 'log' as const, whole: true };
  const operations = [whole, { ...whole, whole: false }, { ...whole, type: 'get' as const }];
  new Client('c1', { cluster, chance: new Chance(1), operations }).proceed();
  await cluster.timeline.run(cluster.timeline.now + 5_000);
  const page = { type: 'log', node: 'n1', read, from: 1, to: 5, lastIndex: 5, commitIndex: 5 };
  expect(cluster.history).toMatchObject([page, page, { type: 'get', read, key: 'k', value: null }]);
});
