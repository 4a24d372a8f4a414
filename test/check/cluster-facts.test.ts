// What the history tells of the nodes: who is a member, who has forgotten, how large the cluster
// may be in its master's mind, and whether a later epoch may have begun.

import { describe, expect, test } from 'vitest';
import { type Change, ClusterFacts, type NodeFacts } from '../../src/check/cluster-facts.ts';
import type { HealthRecord, NodeRecord } from '../../src/check/history/history.ts';

/** Takes records one by one, a millisecond apart. */
class Told {
  readonly facts = new ClusterFacts();
  now = 0;

  node(node: string, event: NodeRecord['event'], more: Partial<NodeRecord> = {}): Change {
    this.now += 1;
    return this.facts.take({ type: 'node', at: this.now, node, life: 'a', event, ...more });
  }

  leads(node: string, epoch: number, more: Partial<NodeRecord> = {}): Change {
    return this.node(node, 'role', { role: 'master', epoch, ...more });
  }

  /** A node says how large the cluster is. */
  size(size: number, role: HealthRecord['role'] = 'master', epoch = 1): void {
    this.now += 1;
    const rest = { epoch, mode: null, lastIndex: 0, commitIndex: 0 };
    this.facts.health({ type: 'health', at: this.now, node: 'n1', role, size, ...rest });
  }

  of(node: string): NodeFacts {
    return this.facts.nodes.get(node)!;
  }

  get members(): string[] {
    return this.facts.members.map(({ node }) => node);
  }

  get leaving(): string[] {
    return this.facts.leaving.map(({ node }) => node);
  }

  get smallestNow(): number | null {
    return this.facts.smallestSize(this.now + 1, this.now + 1);
  }
}

/** n1 leads, n2 follows. */
function told(durable = true): Told {
  const run = new Told();
  for (const node of ['n1', 'n2']) run.node(node, 'start', { durable });
  run.leads('n1', 1);
  return run;
}

describe('a later epoch may have begun', () => {
  test.each([
    ['its master starts again', 'start', true],
    ['its master leaves', 'leave', true],
    ['its master stands still', 'pause', false],
  ] as const)('when %s', (_, event, opening) => {
    const run = told();
    run.node('n2', event, { life: 'b' });
    expect(run.facts.opening).toBe(false);
    run.node('n1', event, { life: 'b' });
    expect(run.facts.opening).toBe(opening);
  });

  test('until it is met; that a leave has come into effect tells of no other one', () => {
    const run = told();
    run.node('n1', 'leave');
    run.facts.saw(1);
    expect(run.facts.opening).toBe(true);
    run.facts.saw(2);
    expect(run.facts.opening).toBe(false);
    run.node('n1', 'leave');
    expect(run.facts).toMatchObject({ opened: 2, opening: false });
    run.node('n1', 'start', { life: 'b' });
    run.size(2);
    expect(run.facts.opening).toBe(true);
    run.size(2, 'secondary', 3);
    expect(run.facts).toMatchObject({ opened: 3, opening: false });
  });
});

test('who says late that it was master of an earlier epoch has not become it since', () => {
  const run = told();
  expect(run.leads('n2', 2)).toBe('other master');
  expect(run.leads('n1', 1)).toBe('none');
  expect(run.facts).toMatchObject({ master: 'n2', masterEpoch: 2 });
  expect(run.facts.isOthers('n1', run.now)).toBe(true);
});

describe('a node has lost what it had', () => {
  test.each([
    ['in memory, when its process ends', false, { event: 'crash' }, 'lost'],
    ['in memory, when it starts again', false, { event: 'start', durable: true }, 'lost'],
    ['on disk, when it starts without', true, { event: 'start', durable: false }, 'lost'],
    ['on disk, when that is wiped', true, { event: 'wipe' }, 'lost'],
    ['on disk, and its process ends', true, { event: 'stop' }, 'none'],
    ['on disk, and it starts again', true, { event: 'start', durable: true }, 'none'],
  ] as const)('%s', (_, durable, { event, ...more }, change) => {
    const run = told(durable);
    expect(run.node('n2', event, { life: 'b', ...more })).toBe(change);
    expect(Number.isFinite(run.of('n2').lostAt)).toBe(change === 'lost');
  });

  test('a start that does not say leaves it as it was', () => {
    const run = told(false);
    run.node('n2', 'start', { life: 'b' });
    expect(run.node('n2', 'stop')).toBe('lost');
  });
});

test('whoever starts for the first time, or is said to have twice, has lost nothing', () => {
  const run = told(false);
  for (let times = 0; times < 2; times += 1) {
    expect(run.node('n3', 'start', { durable: false })).toBe('none');
  }
});

test('who follows is not the master', () => {
  const run = told();
  expect(run.node('n2', 'role', { role: 'secondary', epoch: 1 })).toBe('none');
  expect(run.facts.master).toBe('n1');
});

describe('a node runs', () => {
  test('since it started, or went on', () => {
    const run = told();
    for (const event of ['pause', 'resume', 'pause'] as const) run.node('n2', event);
    expect(run.of('n2')).toMatchObject({ paused: true, steadySince: run.now - 1 });
    run.node('n2', 'resume');
    expect(run.of('n2')).toMatchObject({ paused: false, steadySince: run.now });
    run.node('n2', 'pause');
    // That the one which stood still has ended, nobody has said.
    run.node('n2', 'start', { life: 'b' });
    expect(run.of('n2')).toMatchObject({ paused: false, up: true, steadySince: run.now });
  });

  test('no more when it ends, or is refused its start', () => {
    for (const event of ['crash', 'stop', 'refused-start'] as const) {
      const run = told();
      run.node('n2', event);
      expect(run.of('n2').up).toBe(false);
    }
  });
});

describe('a member', () => {
  test('that was never introduced is one, and was never asked to leave', () => {
    const run = told();
    run.facts.known('n9');
    expect([run.members, run.leaving]).toEqual([['n1', 'n2', 'n9'], []]);
    expect(run.of('n9')).toMatchObject({ up: true, paused: false, durable: true });
  });

  test('that was asked to leave may be one still, until it has left or is back', () => {
    const run = told();
    for (const after of ['leave', 'join', 'start'] as const) {
      run.node('n2', 'leave', { pending: true });
      expect([run.members, run.leaving]).toEqual([['n1'], ['n2']]);
      run.node('n2', after);
      expect(run.leaving, after).toEqual([]);
      run.node('n2', 'join');
    }
  });

  test.each(['start', 'join'] as const)('that left is one again at its %s', (event) => {
    const run = told();
    expect(run.node('n2', 'leave')).toBe('left');
    expect(run.of('n2').backAt).toBe(Number.POSITIVE_INFINITY);
    expect(run.members).toEqual(['n1']);
    expect(run.node('n2', 'leave'), 'it comes into effect').toBe('none');
    run.node('n2', event);
    expect(run.members).toEqual(['n1', 'n2']);
    expect(run.of('n2').backAt).toBe(run.now);
  });

  test('that was told that it is removed has left', () => {
    const run = told();
    expect(run.node('n2', 'role', { role: 'removed' })).toBe('left');
    expect(run.members).toEqual(['n1']);
  });
});

describe('how large the cluster may be for its master', () => {
  test('the last two that masters said, and what they said meanwhile', () => {
    const run = told();
    expect(run.smallestNow).toBeNull();
    for (const size of [2, 3, 4]) run.size(size);
    run.size(1, 'secondary');
    expect(run.smallestNow).toBe(3);
    expect(run.facts.smallestSize(0, run.now)).toBe(2);
    const before = run.now;
    run.size(1);
    expect(run.facts.smallestSize(before, before)).toBe(3);
  });

  test('also what is said in the moment of the answer: it may have been before it', () => {
    const run = told();
    for (const size of [5, 3]) run.size(size);
    expect(run.facts.smallestSize(run.now - 1, run.now)).toBe(3);
  });

  test('one less where a node leaves, also if the master has not heard of it for a while', () => {
    const run = told();
    run.size(3);
    run.node('n2', 'leave');
    for (let times = 0; times < 3; times += 1) run.size(3);
    expect(run.smallestNow).toBe(2);
  });

  test('once for each node, unless the master has denied it; and one at least', () => {
    const run = told();
    run.size(3);
    run.node('n2', 'leave');
    run.node('n2', 'leave');
    expect(run.smallestNow).toBe(2);
    run.size(3);
    run.size(4);
    run.node('n2', 'leave');
    expect(run.smallestNow).toBe(3);
    for (const size of [2, 1]) run.size(size);
    run.node('n1', 'leave');
    expect(run.smallestNow).toBe(1);
  });
});

describe('the arbiter has forgotten', () => {
  test('when it is wiped; whether it knows the size, it says when it knows another one', () => {
    const run = told();
    expect(run.facts.sized).toBe(false);
    run.node('arbiter', 'start', { sized: true });
    expect(run.node('arbiter', 'wipe')).toBe('arbiter forgot');
    run.node('arbiter', 'start', { life: 'b' });
    expect(run.facts).toMatchObject({ forgot: true, sized: true });
    run.node('arbiter', 'start', { life: 'c', sized: false });
    expect(run.facts.sized).toBe(false);
    expect(run.members).toEqual(['n1', 'n2']);
  });

  /** n1, its own arbiter without a disk, has led epoch 3. */
  function led(): Told {
    const run = told(false);
    run.leads('n1', 3);
    run.size(2);
    return run;
  }

  test.each([1, 3])('with a master that counts epochs anew, and is at %i', (epoch) => {
    const run = led();
    run.node('n1', 'crash');
    run.node('n1', 'start', { life: 'b' });
    run.facts.opening = false;
    expect(run.leads('n1', epoch)).toBe('arbiter forgot');
    expect(run.facts).toMatchObject({ forgot: true, ambiguous: 3, opening: true });
    expect(run.smallestNow).toBeNull();
    run.node('n1', 'crash');
    run.leads('n1', 2);
    run.leads('n1', 1);
    expect(run.facts.ambiguous).toBe(3);
  });

  test('but not with one that is said to lead its epoch once more', () => {
    const run = new Told();
    run.node('n1', 'start', { durable: false });
    run.node('n1', 'start', { durable: false, life: 'b' });
    run.leads('n1', 3);
    expect([run.leads('n1', 3), run.facts.forgot]).toEqual(['none', false]);
    run.node('n1', 'crash');
    expect([run.leads('n1', 4), run.facts.forgot]).toEqual(['none', false]);
  });

  test('in the millisecond in which it began to lead, it may have been after that', () => {
    const run = led();
    const { now } = run;
    run.leads('n1', 4, { at: now });
    run.node('n1', 'crash', { at: now });
    expect(run.leads('n1', 4)).toBe('arbiter forgot');
  });
});
