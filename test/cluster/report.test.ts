import { describe, expect, it } from 'vitest';
import type { ClusterEvent, ReadyEvent } from '../../src/cluster/report.ts';
import { plainLines } from '../../src/cluster/report.ts';
import { Bulletin } from '../../src/cluster/start/bulletin.ts';

const READY: ReadyEvent = {
  event: 'ready',
  name: 'cluster-4000',
  pid: 1,
  nodes: [{ node: 'n1', role: 'master', url: 'http://127.0.0.1:4000', pid: 2 }],
  arbiter: 'http://127.0.0.1:4001',
  control: 'http://127.0.0.1:4001',
  dataDir: '/data',
  ms: 812,
};

const line = (event: ClusterEvent) => plainLines(event, (text) => text);

describe('plainLines', () => {
  it('shows where everything is, and last that it is ready', () => {
    expect(line(READY)).toBe(
      [
        'n1 is master at http://127.0.0.1:4000 (pid 2)',
        'arbiter and control routes at http://127.0.0.1:4001',
        'data in /data',
        'cluster-4000 is ready after 812 ms',
        '',
      ].join('\n'),
    );
  });

  it('says that a cluster without a folder keeps its data in memory', () => {
    expect(line({ ...READY, dataDir: null })).toContain('\ndata in memory only\n');
  });

  it.each<[string, ClusterEvent]>([
    [
      'n2 is Suspected (was Healthy)',
      { event: 'status', node: 'n2', from: 'Healthy', to: 'Suspected' },
    ],
    ['n2 is secondary in epoch 3', { event: 'role', node: 'n2', role: 'secondary', epoch: 3 }],
    ['n2 is paused', { event: 'paused', node: 'n2', url: 'u', pid: 3 }],
    ['n2 is started at u (pid 3)', { event: 'started', node: 'n2', url: 'u', pid: 3 }],
    [
      'n1 is read-only: no quorum',
      { event: 'mode', node: 'n1', mode: 'read-only', reason: 'no quorum' },
    ],
    ['n1 is read-write', { event: 'mode', node: 'n1', mode: 'read-write', reason: null }],
    ['n2 follows from index 3 on', { event: 'joined', node: 'n2', session: 7, from: 3 }],
    [
      'n1 has fetched 2 operations that it did not have',
      { event: 'recovered', node: 'n1', count: 2 },
    ],
    [
      'n2 is given no role by http://x: another living node has this id; choose one with --id',
      { event: 'refused', node: 'n2', by: 'http://x', code: 'node-id-taken' },
    ],
    [
      'n2 is given no role by http://x: its data are those of another cluster; --join that one, ' +
        'or choose another --data-dir',
      { event: 'refused', node: 'n2', by: 'http://x', code: 'wrong-cluster' },
    ],
    [
      'n2 is given no role by http://x: no arbiter is there; --join takes the URL of one, or of a ' +
        'master without --join',
      { event: 'refused', node: 'n2', by: 'http://x', code: 'no-arbiter' },
    ],
    [
      'n2 is given no role by http://x: too many wait for it already; see what it says of its ' +
        'disk, or of etcd',
      { event: 'refused', node: 'n2', by: 'http://x', code: 'overloaded' },
    ],
    [
      'stands by: http://x is in charge (if that is of another cluster, give this one another ' +
        '--etcd-prefix)',
      { event: 'standby', node: '', inCharge: 'http://x', reason: null },
    ],
    [
      'stands by: its lease has ended',
      { event: 'standby', node: '', inCharge: null, reason: 'its lease has ended' },
    ],
    [
      'the other nodes are told to reach it at http://127.0.0.1:1, which only this machine can: ' +
        'where they are on others, give --advertise',
      { event: 'local-url', node: 'n2', url: 'http://127.0.0.1:1' },
    ],
    [
      'n2 is given no role by http://x: no master has joined there; `replog master --join` and ' +
        '`replog node` start one',
      { event: 'refused', node: 'n2', by: 'http://x', code: 'no-master' },
    ],
    [
      'n2 is given no role yet: http://x answered 401 unauthorized (REPLOG_TOKEN or ' +
        '--token-file gives the one that it has)',
      {
        ...{ event: 'unanswered', node: 'n2', by: 'http://x' },
        error: 'http://x answered 401 unauthorized',
      },
    ],
    [
      'n2 is given no role yet: http://x refuses connections',
      { event: 'unanswered', node: 'n2', by: 'http://x', error: 'http://x refuses connections' },
    ],
    [
      'n1 has lost entries 4 to 11 to damage, and no other node has them: it ends',
      { event: 'lost', node: 'n1', after: 3, upTo: 11 },
    ],
    [
      'n2 drops entries 8 to 10, and takes what the cluster has there ' +
        '(on disk it keeps a copy, aside-8-10.jsonl)',
      { event: 'discarded', node: 'n2', after: 7, count: 3 },
    ],
    [
      'n2 drops entry 8, and takes what the cluster has there ' +
        '(on disk it keeps a copy, aside-8-8.jsonl)',
      { event: 'discarded', node: 'n2', after: 7, count: 1 },
    ],
    [
      'it goes on with the cluster that its folder remembers: n1 n2, with n1 as master. ' +
        'To begin a new one, remove that folder first, or use --memory',
      { event: 'remembered', master: 'n1', members: ['n1', 'n2'] },
    ],
    [
      'it goes on with the cluster that its folder remembers: n2, without a master. ' +
        'To begin a new one, remove that folder first, or use --memory',
      { event: 'remembered', master: null, members: ['n2'] },
    ],
    ['n2 has left the cluster', { event: 'left', node: 'n2' }],
    ['n1 unheard its=2', { event: 'unheard', node: 'n1', its: 2 }],
    ['stopped', { event: 'stopped' }],
    ['n2 is stopped', { event: 'stopped', node: 'n2', url: 'u', pid: null }],
  ])('says "%s"', (sentence, event) => {
    expect(line(event)).toBe(`${sentence}\n`);
  });

  it('shows the last lines of a node that died', () => {
    const exit = { event: 'exit', node: 'n2', code: 1, signal: null, lines: ['why'] } as const;
    expect(line(exit)).toBe('n2 ended with code 1\nn2 | why\n');
    const killed = { ...exit, code: null, signal: 'SIGKILL', lines: [] };
    expect(line(killed)).toBe('n2 ended by SIGKILL\n');
  });

  it('makes foreign text safe', () => {
    const visible = (text: string) => text.replaceAll('\u001b', '<ESC>');
    const exit = {
      event: 'exit',
      node: 'n2',
      code: 1,
      signal: null,
      lines: ['\u001b[2J'],
    } as const;
    expect(plainLines(exit, visible)).toContain('n2 | <ESC>[2J');
    expect(plainLines({ event: 'x', node: 'n1', y: '\u001bc' }, visible)).toContain('y=<ESC>c');
  });
});

describe('Bulletin', () => {
  it('says ready first, then what it has not made old news', () => {
    const said: string[] = [];
    const bulletin = new Bulletin(({ event }) => said.push(event));
    bulletin.say({ event: 'role', node: 'n1' });
    bulletin.say({ event: 'discarded', node: 'n1' });
    expect(said).toEqual([]);
    bulletin.open(READY);
    bulletin.say({ event: 'stopping' });
    expect(said).toEqual(['ready', 'discarded', 'stopping']);
  });
});
