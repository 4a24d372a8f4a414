// What a master says of its cluster: two nodes that have everything, unless a test says otherwise.

import type { MasterHealth, MemberHealth } from '../../src/client/answers.ts';

export function member(node: string, change: Partial<MemberHealth> = {}): MemberHealth {
  return {
    node,
    url: `http://127.0.0.1/${node}`,
    role: node === 'n1' ? 'master' : 'secondary',
    status: 'Healthy',
    since: '2026-01-01T00:00:00.000Z',
    lastHeartbeatMs: 0,
    ackedIndex: 5,
    lagEntries: 0,
    lagMs: 0,
    attempts: 0,
    retryInMs: null,
    lastError: null,
    ...change,
  };
}

export function health(members: MemberHealth[], change: Partial<MasterHealth> = {}): MasterHealth {
  return {
    node: 'n1',
    role: 'master',
    epoch: 1,
    mode: 'read-write',
    reason: null,
    lastIndex: 5,
    commitIndex: 5,
    quorum: { size: 2, needed: 2, alive: 2 },
    members,
    ...change,
  };
}
