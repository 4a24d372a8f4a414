// What a problem document may contain, for the OpenAPI document: the members that every one has,
// and those that some codes add (contract, sections 2 to 6).

import * as z from 'zod';
import { PROBLEMS, type ProblemCode } from '../http/problems.ts';
import { writeConcern } from './schemas.ts';
import { acks, indexOut, nodeOut, operationIdOut, peerOut } from './success.ts';

const OPEN = '`write-concern-timeout`, `operation-failed`, `shutting-down`, `no-master`';

/** A member that these codes add. */
function added<T extends z.ZodType>(schema: T, by: string, what: string) {
  return schema.exactOptional().meta({ description: `${by}: ${what}.` });
}

export const problemDocument = z.looseObject({
  type: z.string().meta({ description: '`/problems/<code>`' }),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(PROBLEMS) as ProblemCode[]),
  errors: added(
    z.array(z.object({ path: z.string(), message: z.string() })),
    '`invalid-request`',
    'what is wrong, and where',
  ),
  allow: added(z.array(z.string()), '`method-not-allowed`', 'the methods that the path takes'),
  index: added(
    indexOut.nullable(),
    `${OPEN}, \`precondition-failed\``,
    'where it is in the log; that of the key, null if it has no value',
  ),
  first: added(indexOut, OPEN, 'as `index`, for a batch'),
  last: added(indexOut, OPEN, 'as `first`'),
  count: added(z.int(), OPEN, 'as `first`'),
  acks: added(acks, '`write-concern-timeout`, `operation-failed`', 'who has it'),
  w: added(
    writeConcern,
    '`write-concern-timeout`, `write-concern-unsatisfiable`',
    'the write concern, as asked',
  ),
  size: added(z.int(), '`write-concern-unsatisfiable`', 'nodes in the cluster'),
  result: added(z.literal('OperationFailed'), '`operation-failed`', 'always this'),
  id: added(operationIdOut, `${OPEN}, of a key`, 'that of the request'),
  key: added(z.string(), `${OPEN}, of a key`, 'that of the request'),
  alive: added(z.int(), '`no-quorum`', 'members that are not Unhealthy'),
  needed: added(z.int(), '`no-quorum`', 'how many there must be'),
  missing: added(z.array(nodeOut), '`no-quorum`', 'those that are Unhealthy'),
  master: added(peerOut, '`not-master`, `not-linearizable`', 'whom to ask'),
  limit: added(z.int(), '`too-large`', 'in bytes'),
  reason: added(z.string(), '`storage-unavailable`', 'what the disk says'),
  file: added(z.string(), '`damaged-log`', 'of the log'),
  offset: added(z.int(), '`damaged-log`', 'in bytes'),
  epoch: added(z.int(), '`stale-epoch`', "the receiver's"),
  session: added(z.int(), '`stale-session`', 'the current one'),
  expected: added(z.int(), '`out-of-order`', 'the `seq` that is expected'),
  lastIndex: added(indexOut, '`diverged`', 'up to where the logs are known to agree'),
  cluster: added(z.string(), '`wrong-cluster`', 'identity of the one that the node is in'),
  node: added(nodeOut, '`node-id-taken`, `stale-epoch` in answer to Replicas', 'the id'),
  incarnation: added(z.string(), '`stale-epoch` in answer to Replicas', 'the life that answers'),
});
