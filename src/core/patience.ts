// How long whoever asks another node waits for the answer. Hosts, real and simulated, give up then
// and say so; when to ask again is decided by who asked.

import type { Request } from './messages.ts';

/** Milliseconds for each request: a Snapshot's answer may wait for a disk that recovers; a
 * heartbeat's is one however late it comes, and who is slow answers many at a time. A Join or an
 * announcement that was lost keeps a node out for so long; one that a slow disk holds up is sent
 * again, which changes nothing, and is answered when the disk is done with the first. */
export const ANSWERED_WITHIN_MS: Readonly<Record<Request['type'], number>> = {
  Join: 2_000,
  Leave: 5_000,
  Replicas: 2_000,
  Snapshot: 30_000,
  Heartbeat: 10_000,
  Fetch: 5_000,
};
