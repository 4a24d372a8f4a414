import type { Response as Answered } from '../../../src/core/messages.ts';
import { createApp } from '../../../src/node/api/app.ts';
import type { PeerMessage } from '../../../src/node/peers/peer-paths.ts';
import { AT, FakeEngine, N1 } from '../fake-engine.ts';

export const update = (index: number) => ({
  index,
  epoch: 3,
  at: AT,
  op: 'append',
  message: `m${index}`,
});

/** Each message with exactly the fields of the contract. */
export const BODIES: Record<PeerMessage, Record<string, unknown>> = {
  Join: { node: 'n2', url: 'http://127.0.0.1:4001', incarnation: 'i', epoch: 0, lastIndex: 0 },
  Leave: { node: 'n2' },
  Replicas: { epoch: 3, replicas: [N1] },
  Snapshot: { epoch: 3, session: 1, seq: 0, updates: [update(1), update(2)], commitIndex: 0 },
  Heartbeat: { epoch: 3, master: N1, lastIndex: 5, commitIndex: 4 },
  Fetch: { epoch: 3, from: 1 },
};

/** A node over a fake engine that answers like this. */
export function peerNode(response?: Answered) {
  const engine = new FakeEngine();
  if (response !== undefined) engine.response = response;
  return { engine, app: createApp(engine) };
}
