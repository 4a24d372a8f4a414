// Schemas of what nodes answer each other, for the OpenAPI document and the tests.

import * as z from 'zod';
import * as peers from './peer-schemas.ts';

export const joined = z.discriminatedUnion('result', [
  peers.joinedMaster.extend({ result: z.literal('JoinedMaster') }),
  peers.joinedSecondary.extend({ result: z.literal('JoinedSecondary') }),
]);
export const left = z.object({ result: z.literal('Left') });
export const replicasNoted = peers.replicasNoted.extend({ result: z.literal('ReplicasNoted') });
export const snapshotAck = peers.snapshotAck.extend({ result: z.literal('SnapshotAck') });
export const heartbeatAck = peers.heartbeatAck;
export const fetched = peers.fetched.extend({ result: z.literal('Fetched') });
