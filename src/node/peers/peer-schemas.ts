// What other nodes may send. Unknown fields are ignored here, so that the protocol can grow
// (contract, section 6).

import * as z from 'zod';
import {
  EPOCH_MAX,
  type Epoch,
  type Incarnation,
  type LogIndex,
  NODE_ID_PATTERN,
  type NodeId,
  type Seq,
  type Session,
} from '../../core/ids.ts';
import type { Entry } from '../../core/operation.ts';
import { text } from '../api/schemas.ts';
import { wrongIn } from './entry-check.ts';

/** A schema whose values have one of the core's branded types. */
const branded = <T>(schema: z.ZodType): z.ZodType<T> => schema as z.ZodType<T>;

const node = branded<NodeId>(z.string().regex(NODE_ID_PATTERN));
export const epoch: z.ZodType<Epoch> = branded<Epoch>(z.int().min(0).max(EPOCH_MAX));
const index = branded<LogIndex>(z.int().min(0));
const seq = branded<Seq>(z.int().min(-1));
const session = branded<Session>(z.int());
const incarnation = branded<Incarnation>(text.min(1).max(64));
const clusterId = text.min(1).max(128);
const term = text.min(1).max(64);
const size = z.int().min(1).nullable();
const version = z.int().min(0);
const hash = z.int().min(0);

/** Where a peer can be reached: http or https, nothing but an origin and perhaps a path. */
const url = z.string().refine(isPeerUrl, { error: 'must be an http(s) URL' });

const URL_LENGTH_MAX = 2_048;

export function isPeerUrl(value: string): boolean {
  if (value.length > URL_LENGTH_MAX || !URL.canParse(value)) return false;
  const { protocol, username, search, hash: fragment } = new URL(value);
  const plain = username === '' && search === '' && fragment === '';
  return plain && (protocol === 'http:' || protocol === 'https:');
}

export const peer = z.object({ node, url });
const point = z.object({ index, hash });

/** A list of which only the first mistake is told: to tell all of a million takes ten seconds. */
const holes = z
  .custom<readonly z.infer<typeof point>[]>()
  .superRefine((value, context) => {
    if (!Array.isArray(value)) {
      context.addIssue({ code: 'custom', message: 'must be a list' });
      return;
    }
    const at = value.findIndex((item) => !point.safeParse(item).success);
    if (at === -1) return;
    const message = 'must have an index and a hash, both integers from 0 on';
    context.addIssue({ code: 'custom', path: [at], message });
  })
  .meta({ type: 'array', items: z.toJSONSchema(point, { io: 'input' }) });

/** A field of our own. The protocol knows nothing of it, so that another kind of node may call
 * something else so, as its running hash: what does not fit is an unknown field, and ignored. In a
 * Snapshot they say what its updates mean: there, they have to fit. */
function own<T extends z.ZodType>(schema: T): z.ZodExactOptional<T> {
  // What is caught is left out of what the type promises: `undefined` is as good as absent.
  return schema.catch(undefined as never).exactOptional() as unknown as z.ZodExactOptional<T>;
}

export const joinBody = z.object({
  node,
  url,
  incarnation,
  epoch,
  lastIndex: index,
  wants: own(z.enum(['master', 'secondary'])),
  cluster: own(clusterId),
  masterSilent: own(z.boolean()),
  asked: own(z.int().min(0)),
  acceptedEpoch: own(epoch),
  durableIndex: own(index),
  term: own(term),
});

export const leaveBody = z.object({ node });

/** Of two addresses the one that came last would be the node's, whichever that is. */
function haveOneAddressEach(peers: readonly z.infer<typeof peer>[]): boolean {
  const urls = new Map(peers.map((each) => [each.node, each.url]));
  return peers.every((each) => urls.get(each.node) === each.url);
}

/** What a master is told beside the replicas. */
const terms = {
  size: own(size),
  version: own(version),
  since: own(epoch),
  cluster: own(clusterId),
  failover: own(z.boolean()),
  established: own(z.array(node).max(1_000)),
};

export const replicasBody = z.object({
  epoch,
  replicas: z
    .array(peer)
    .max(1_000)
    .refine(haveOneAddressEach, { error: 'names a node at two addresses' }),
  ...terms,
});

export const heartbeatBody = z.object({
  epoch,
  master: peer,
  lastIndex: index,
  commitIndex: index,
  settled: own(z.boolean()),
  opened: own(index),
  cluster: own(clusterId),
  epochEnd: own(z.object({ epoch, index })),
  compactTo: own(index),
});

export const fetchBody = z.object({ epoch, from: branded<LogIndex>(z.int().min(1)) });

/** An entry, for the documents; what arrives is checked by `wrongIn`. */
const entry = z.looseObject({
  index: z.int().min(1),
  epoch: z.int().min(0),
  at: z.string(),
  op: z.enum(['append', 'put', 'remove']),
  message: z.string().exactOptional(),
  key: z.string().exactOptional(),
  value: z.string().exactOptional(),
  batch: z.int().min(1).exactOptional(),
  idempotencyKey: z.string().exactOptional(),
});

/** Operations of a log, in its order. */
export const updates = z
  .custom<readonly Entry[]>()
  .superRefine((value, context) => {
    const wrong = wrongIn(value);
    if (wrong === null) return;
    const { at, message } = wrong;
    context.addIssue({ code: 'custom', path: at === null ? [] : [at], message });
  })
  .meta({ type: 'array', items: z.toJSONSchema(entry, { io: 'input' }) });

export const snapshotBody = z.object({
  epoch,
  session,
  seq: branded<Seq>(z.int().min(0)),
  updates,
  commitIndex: index,
  master: peer.exactOptional(),
  opened: index.exactOptional(),
  prev: point.exactOptional(),
  holes: holes.exactOptional(),
  reset: z.boolean().exactOptional(),
});

/** Answers, as a node that asked takes them. */
export const joinedMaster = z.object({
  epoch,
  replicas: own(z.array(peer)),
  ...terms,
});
export const replicasNoted = z.object({ established: terms.established, newcomersAt: own(index) });
export const joinedSecondary = z.object({
  epoch,
  master: peer,
  cluster: own(clusterId),
  failover: own(z.boolean()),
  term: own(term),
});
export const snapshotAck = z.object({ session, seq, lastIndex: index });
export const heartbeatAck = z.object({
  node,
  incarnation,
  epoch,
  lastIndex: index,
  acceptedEpoch: own(epoch),
  lastEpoch: own(epoch),
  hash: own(hash),
  lost: own(z.object({ epoch, upTo: index, open: z.boolean() })),
  durable: own(z.boolean()),
  trouble: own(z.string()),
  doubts: own(z.boolean()),
});
export const fetched = z.object({
  updates,
  lastIndex: index,
  prev: point.exactOptional(),
  holes: holes.exactOptional(),
});
