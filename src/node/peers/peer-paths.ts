// Where each message between nodes goes (contract, section 6).

import type { Request } from '../../core/messages.ts';

export type PeerMessage = Request['type'];

export const PEER_PATHS: Readonly<Record<PeerMessage, string>> = {
  Join: '/arbiter/join',
  Leave: '/arbiter/leave',
  Replicas: '/replica/replicas',
  Snapshot: '/replica/snapshot',
  Heartbeat: '/replica/heartbeat',
  Fetch: '/replica/fetch',
};

export const PEER_MESSAGES: readonly PeerMessage[] = Object.keys(PEER_PATHS) as PeerMessage[];
