// Recorded answers of clusters in the states that matter, told to the reducer as the observer
// would.

import type {
  Faults,
  Health,
  LogEntry,
  MasterHealth,
  MemberHealth,
} from '../../src/client/answers.ts';
import type { ClusterState, Observation } from '../../src/dashboard/cluster/cluster-state.ts';
import { blankState } from '../../src/dashboard/cluster/cluster-state.ts';
import type { Unstamped } from '../../src/dashboard/cluster/observer.ts';
import { reduce } from '../../src/dashboard/cluster/reducer.ts';

export interface RecordedNode {
  readonly node: string;
  /** Last index it shows. */
  readonly last: number;
  /** Last index it has acknowledged; `last` unless given. */
  readonly acked?: number;
  readonly status?: MemberHealth['status'];
  readonly process?: string;
  readonly faults?: Faults;
  /** It has not answered since this moment. */
  readonly silentSince?: number;
  readonly attempts?: number;
  readonly lagMs?: number;
}

export interface Recording {
  readonly nodes: readonly RecordedNode[];
  readonly commit?: number;
  readonly readOnly?: string;
  readonly messages?: readonly string[];
  /** Entries that were compacted away, or that a look did not bring. */
  readonly first?: number;
}

const PORT = 4000;
export const urlOf = (place: number): string => `http://127.0.0.1:${PORT + place}`;

const WORDS = [
  'first message',
  'привіт, світе',
  '👨‍👩‍👧 family 🇺🇦 ❤️',
  '日本語のメッセージ',
  'a longer message that does not fit into a narrow column at all',
];

export function entryAt(index: number, epoch = 3, messages = WORDS as readonly string[]): LogEntry {
  const place = { index, epoch, at: '2026-11-21T10:00:00.000Z' };
  if (index % 7 === 5) return { ...place, op: 'put', key: 'colour', value: `blue ${index}` };
  if (index % 7 === 6) return { ...place, op: 'remove', key: 'colour' };
  return { ...place, op: 'append', message: messages[index % messages.length]! };
}

/** The state after these observations, all at its own moment. */
export function told(state: ClusterState, ...observations: readonly Unstamped[]): ClusterState {
  return reduced(
    state,
    observations.map((observation) => [state.now, observation]),
  );
}

export function healthOf({ nodes, commit, readOnly }: Recording): MasterHealth {
  const master = nodes[0]!;
  const alive = nodes.filter(({ status }) => status !== 'Unhealthy').length;
  const size = nodes.length;
  const members = nodes.map((one, place): MemberHealth => {
    const acked = one.acked ?? one.last;
    const lag = master.last - acked;
    return {
      ...{ node: one.node, url: urlOf(place), role: place === 0 ? 'master' : 'secondary' },
      ...{ status: one.status ?? 'Healthy', since: '2026-11-21T10:00:00.000Z' },
      ...{ lastHeartbeatMs: place === 0 ? 0 : 240, ackedIndex: acked, lagEntries: lag },
      ...{ lagMs: lag === 0 ? 0 : (one.lagMs ?? 340), attempts: one.attempts ?? 0 },
      ...{ retryInMs: one.attempts ? 1_600 : null, lastError: null },
    } as MemberHealth;
  });
  return {
    ...{ node: master.node, role: 'master', epoch: 3 },
    ...{ mode: readOnly === undefined ? 'read-write' : 'read-only', reason: readOnly ?? null },
    ...{ lastIndex: master.last, commitIndex: commit ?? master.last },
    ...{ quorum: { size, needed: Math.floor(size / 2) + 1, alive }, members },
  } as MasterHealth;
}

/** An observation, and when it was made. */
export type Step = readonly [now: number, observation: Unstamped];

/** What an observer reports of such a cluster, to a screen with so many rows of log. */
export function stepsOf(recording: Recording, rows = 30, now = 60_000): Step[] {
  const { nodes, first = 1, messages } = recording;
  const health = healthOf(recording);
  const steps: Step[] = [];
  const seen = nodes.map(({ node, process }, place) => ({
    ...{ node, url: urlOf(place), role: place === 0 ? 'master' : 'secondary' },
    ...{ pid: process === 'exited' ? null : 4_711 + place, state: process ?? 'running' },
  }));
  steps.push([now, { type: 'nodes', name: 'cluster-4000', nodes: seen }]);
  for (const [place, { node, last, silentSince, faults }] of nodes.entries()) {
    const at = silentSince ?? now;
    const from = Math.max(1, first, health.lastIndex - rows + 1);
    const entries = Array.from({ length: Math.max(0, last - from + 1) }, (_, i) =>
      entryAt(from + i, 3, messages),
    );
    const commitIndex = Math.min(last, health.commitIndex);
    const follower = {
      ...{ node, role: 'secondary', epoch: 3, master: { node: 'n1', url: urlOf(0) } },
      ...{ lastIndex: last, commitIndex, status: 'ok' },
    } as const;
    steps.push(
      [at, { type: 'health', node, health: (place === 0 ? health : follower) as Health }],
      [
        at,
        {
          ...{ type: 'tail', node, from, to: health.lastIndex },
          page: { entries, lastIndex: last, commitIndex, next: null },
        },
      ],
      [at, { type: 'faults', node, report: { faults: faults ?? {}, hits: {} } }],
    );
    if (silentSince !== undefined) steps.push([at, { type: 'silence', node }]);
  }
  return [...steps, [now, { type: 'round' }]];
}

/** What a dashboard knows that has looked at such a cluster. */
export function recorded(recording: Recording, rows = 30): ClusterState {
  return reduced(
    blankState(urlOf(recording.nodes.length), 'cluster-4000'),
    stepsOf(recording, rows),
  );
}

/** The state after these steps. */
export function reduced(state: ClusterState, steps: readonly Step[]): ClusterState {
  return steps.reduce(
    (next, [now, observation]) =>
      reduce(next, { ...observation, now, time: '10:42:07' } as Observation),
    state,
  );
}

const three = (...nodes: readonly Omit<RecordedNode, 'node'>[]): RecordedNode[] =>
  nodes.map((node, place) => ({ ...node, node: `n${place + 1}` }));

/** The main states of a cluster. */
export const STATES: Readonly<Record<string, Recording>> = {
  healthy: { nodes: three({ last: 12 }, { last: 12 }, { last: 12 }) },
  'one-down': {
    nodes: three(
      { last: 12 },
      { last: 9, status: 'Unhealthy', process: 'exited', silentSince: 53_000, attempts: 6 },
      { last: 12 },
    ),
  },
  'read-only': {
    nodes: three(
      { last: 12 },
      { last: 12, status: 'Unhealthy', process: 'exited', silentSince: 51_000, attempts: 7 },
      { last: 12, status: 'Unhealthy', process: 'paused', silentSince: 52_000, attempts: 7 },
    ),
    readOnly: 'no quorum: 1 of 3 alive, 2 needed; missing n2, n3',
  },
  'master-down': {
    nodes: three({ last: 12, process: 'exited', silentSince: 52_000 }, { last: 12 }, { last: 12 }),
  },
  'catching-up': {
    nodes: three(
      { last: 4_012 },
      { last: 4_003, acked: 3_958, attempts: 1, lagMs: 2_400 },
      { last: 4_012 },
    ),
    commit: 4_010,
  },
  faults: {
    nodes: three(
      { last: 12 },
      {
        ...{ last: 12, acked: 10, attempts: 3, status: 'Suspected' as const },
        faults: { delayMs: 500, errorAfter: 0.3, persist: { stuck: true } },
      },
      { last: 12, faults: { hold: true } },
    ),
  },
};

/** One, or seven, nodes that are well. */
export function healthyCluster(nodes: number, last = 12): Recording {
  return { nodes: Array.from({ length: nodes }, (_, i) => ({ node: `n${i + 1}`, last })) };
}
