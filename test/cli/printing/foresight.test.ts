import { describe, expect, test } from 'vitest';
import { dryRun } from '../../../src/cli/printing/dry-run.ts';
import { type Misfortune, whatIf } from '../../../src/cli/printing/foresight.ts';
import type { MasterHealth, MemberHealth } from '../../../src/client/answers.ts';

const NOW = Date.parse('2030-01-02T03:04:20.000Z');

/** `n1` is the master; each other word is a member: its id, its state, how far it is. */
function cluster(...others: readonly string[]): MasterHealth {
  const members = ['n1 H 100', ...others].map((words): MemberHealth => {
    const [node = '', state = 'H', acked = '100'] = words.split(' ');
    return {
      node,
      url: `http://${node}`,
      role: node === 'n1' ? 'master' : 'secondary',
      status: state === 'U' ? 'Unhealthy' : state === 'S' ? 'Suspected' : 'Healthy',
      since: '2030-01-02T03:04:08.000Z',
      lastHeartbeatMs: 0,
      ackedIndex: Number(acked),
      lagEntries: 100 - Number(acked),
      lagMs: 0,
      attempts: 0,
      retryInMs: null,
      lastError: null,
    };
  });
  const alive = members.filter(({ status }) => status !== 'Unhealthy').length;
  const size = members.length;
  const needed = Math.floor(size / 2) + 1;
  return {
    node: 'n1',
    role: 'master',
    epoch: 1,
    mode: alive < needed ? 'read-only' : 'read-write',
    reason: alive < needed ? 'no quorum' : null,
    lastIndex: 100,
    commitIndex: 100,
    quorum: { size, needed, alive },
    members,
  };
}

describe('a dry run', () => {
  test.each([
    [
      3,
      ['n2', 'n3'],
      'answered',
      ['would be answered at once: n1, n2 and n3 are Healthy', 'satisfiable now: every w up to 3'],
    ],
    [
      3,
      ['n2 U 60', 'n3'],
      'waits',
      [
        'would wait for n2, Unhealthy for 12.0 s',
        'satisfiable now: w ≤ 2',
        'killing n3 next makes the cluster read-only (so does killing n1)',
      ],
    ],
    [
      'majority',
      ['n2 U 60', 'n3'],
      'answered',
      [
        'would be answered at once: n1 and n3 are Healthy',
        'satisfiable now: w ≤ 2',
        'killing n3 next makes the cluster read-only (so does killing n1)',
      ],
    ],
    [
      'all',
      ['n2 S', 'n3 H 40'],
      'waits',
      ['would wait for n2, Suspected for 12.0 s', 'satisfiable now: w ≤ 2'],
    ],
    [
      4,
      ['n2 U', 'n3 U', 'n4', 'n5'],
      'waits',
      [
        'would wait for 1 of n2, Unhealthy for 12.0 s and n3, Unhealthy for 12.0 s',
        'satisfiable now: w ≤ 3',
        'killing any of n4 and n5 next makes the cluster read-only (so does killing n1)',
      ],
    ],
    [
      1,
      ['n2 U', 'n3 U'],
      'refused',
      ['would be refused: the cluster is read-only (no quorum)', 'satisfiable now: no write'],
    ],
    [
      4,
      ['n2', 'n3'],
      'refused',
      [
        'could not be met: w=4, but the cluster has 3 nodes (refused, if its size is configured)',
        'satisfiable now: every w up to 3',
      ],
    ],
    [
      2,
      ['n2', 'n3 H 40'],
      'answered',
      [
        'would be answered at once: n1, n2 and n3 are Healthy; n3 is 60 behind',
        'satisfiable now: every w up to 3',
      ],
    ],
  ] as const)('w=%s with %j is %s', (w, others, outcome, lines) => {
    const run = dryRun(cluster(...others), w, NOW);
    expect([run.outcome, run.lines]).toEqual([outcome, lines]);
  });
});

describe('what if', () => {
  test.each([
    [
      'kill',
      ['n2'],
      ['n2', 'n3'],
      [
        'the cluster stays read-write: 2 of 3 alive, 2 needed',
        'satisfiable now: w ≤ 2; w=3 and w=all wait for n2',
        'killing n3 next makes the cluster read-only (so does killing n1)',
      ],
    ],
    [
      'stop',
      ['n2', 'n3'],
      ['n2', 'n3'],
      [
        'the cluster becomes read-only, at the latest 4 s later: 1 of 3 alive, 2 needed',
        'writes are refused with no-quorum until one of n2 and n3 is back; reads go on',
        'indexes 1 to 100 are then on n1 alone',
      ],
    ],
    [
      'pause',
      ['n3'],
      ['n2 U 60', 'n3'],
      [
        'the cluster becomes read-only, at the latest 4 s later: 1 of 3 alive, 2 needed',
        'writes are refused with no-quorum until one of n2 and n3 is back; reads go on',
        'indexes 61 to 100 are then on n1 alone',
      ],
    ],
    [
      'kill',
      ['n2'],
      ['n2 U 60', 'n3 U 90'],
      [
        'n2 is Unhealthy already',
        'the cluster stays read-only: 1 of 3 alive, 2 needed',
        'writes are refused with no-quorum until one of n2 and n3 is back; reads go on',
        'indexes 91 to 100 are then on n1 alone',
      ],
    ],
    [
      'kill',
      ['n2'],
      ['n2 U 99', 'n3'],
      [
        'n2 is Unhealthy already',
        'the cluster stays read-write: 2 of 3 alive, 2 needed',
        'satisfiable now: w ≤ 2; w=3 and w=all wait for n2',
        'killing n3 next makes the cluster read-only (so does killing n1)',
      ],
    ],
    [
      'stop',
      ['n2'],
      ['n2'],
      [
        'the cluster becomes read-only, at the latest 4 s later: 1 of 2 alive, 2 needed',
        'writes are refused with no-quorum until n2 is back; reads go on',
        'indexes 1 to 100 are then on n1 alone',
      ],
    ],
    [
      'stop',
      ['n2', 'n3', 'n4'],
      ['n2', 'n3', 'n4'],
      [
        'the cluster becomes read-only, at the latest 4 s later: 1 of 4 alive, 3 needed',
        'writes are refused with no-quorum until 2 of n2, n3 and n4 are back; reads go on',
        'indexes 1 to 100 are then on n1 alone',
      ],
    ],
    [
      'rm',
      ['n2'],
      ['n2', 'n3 U 90'],
      [
        'the cluster becomes read-only: 1 of 2 alive, 2 needed',
        'writes are refused with no-quorum until n3 is back; reads go on',
        'indexes 91 to 100 are then on n1 alone',
      ],
    ],
    [
      'rm',
      ['n2'],
      ['n2', 'n3'],
      [
        'the cluster shrinks to 2 nodes',
        'the cluster stays read-write: 2 of 2 alive, 2 needed',
        'killing n3 next makes the cluster read-only (so does killing n1)',
      ],
    ],
    [
      'kill',
      ['n1'],
      ['n2', 'n3 U'],
      [
        'no writes until `replog start n1`: nobody replaces the master; clients that wait now hear ' +
          'no answer: their outcome is open',
        'reads go on at n2 (read=local; log up to index 100)',
      ],
    ],
    ['rm', ['n1'], ['n2', 'n3'], ['would be refused: n1 is the master, and stays a member']],
    [
      'rm',
      ['n1', 'n2', 'n3'],
      ['n2', 'n3'],
      [
        'would be refused: n1 is the master, and stays a member',
        'the cluster shrinks to 1 node',
        'the cluster stays read-write: 1 of 1 alive, 1 needed',
        'indexes 1 to 100 are then on n1 alone',
      ],
    ],
  ] as const)('%s %j of %j', (misfortune, nodes, others, lines) => {
    expect(whatIf(cluster(...others), misfortune as Misfortune, nodes).lines).toEqual(lines);
  });
});

describe('where another node takes over from a silent master', () => {
  const waiting = 'clients that wait now hear no answer: their outcome is open';
  test.each([
    [
      'kill',
      ['n1'],
      ['n2', 'n3'],
      [
        `no writes for some 6 s, until n2 or n3 is master; ${waiting}`,
        'what fewer than 2 nodes have by then is dropped',
        'reads go on at n2 and n3 (read=local)',
        'satisfiable then: w ≤ 2',
      ],
    ],
    [
      'pause',
      ['n1', 'n2'],
      ['n2', 'n3', 'n4', 'n5'],
      [
        'no writes for some 6 s, until n3 or n4 or n5 is master; clients that wait now are told ' +
          'so when n1 goes on',
        'what fewer than 3 nodes have by then is dropped',
        'reads go on at n3, n4 and n5 (read=local)',
        'satisfiable then: w ≤ 3',
      ],
    ],
    [
      'kill',
      ['n1'],
      ['n2', 'n3 U 50'],
      [
        `no writes until \`replog start n1\`: too few are left for another master; ${waiting}`,
        'reads go on at n2 (read=local; log up to index 100)',
      ],
    ],
  ] as const)('%s %j of %j', (misfortune, nodes, others, lines) => {
    const health = { ...cluster(...others), failover: true as const };
    expect(whatIf(health, misfortune as Misfortune, nodes).lines).toEqual(lines);
  });

  test('it takes longer while nothing has been written', () => {
    const health = { ...cluster('n2', 'n3'), failover: true as const, lastIndex: 0 };
    expect(whatIf(health, 'kill', ['n1']).lines[0]).toContain('no writes for some 10 s, until');
  });
});

test.each([
  ['kill', 'n1 is started again'],
  ['pause', 'n1 is resumed'],
] as const)('a single node that is the master: %s names no command of a launcher', (what, back) => {
  const { lines } = whatIf(cluster('n2'), what, ['n1'], false);
  expect(lines[0]).toContain(`no writes until ${back}: nobody replaces the master; `);
});

test.each([
  [['n1', 'n2'], ['n2', 'n3'], ''],
  [['n1', 'n2', 'n3'], ['n2', 'n3'], ', and until one of n2 and n3 is back'],
  [['n1', 'n2'], ['n2', 'n3 U'], ', and until one of n2 and n3 is back'],
  [['n1', 'n2'], ['n2', 'n3 U', 'n4 U', 'n5'], ', and until one of n2, n3 and n4 is back'],
  [['n1'], [], ''],
])('the end of %j, with %j beside n1: its return is enough, or%s', (nodes, others, more) => {
  const [first] = whatIf(cluster(...others), 'kill', nodes).lines;
  expect(first).toContain(`no writes until \`replog start n1\`${more}: nobody replaces `);
});
