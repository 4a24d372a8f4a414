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

export const joinBody = z.object({
  node,
  url,
  incarnation,
  epoch,
  lastIndex: index,
  wants: z.enum(['master', 'secondary']).exactOptional(),
  cluster: clusterId.exactOptional(),
  masterSilent: z.boolean().exactOptional(),
  asked: z.int().min(0).exactOptional(),
  acceptedEpoch: epoch.exactOptional(),
});

export const leaveBody = z.object({ node });

/** Of two addresses the one that came last would be the node's, whichever that is. */
function haveOneAddressEach(peers: readonly z.infer<typeof peer>[]): boolean {
  const urls = new Map(peers.map((each) => [each.node, each.url]));
  return peers.every((each) => urls.get(each.node) === each.url);
}

export const replicasBody = z.object({
  epoch,
  replicas: z
    .array(peer)
    .max(1_000)
    .refine(haveOneAddressEach, { error: 'names a node at two addresses' }),
  size: size.exactOptional(),
  version: version.exactOptional(),
  since: epoch.exactOptional(),
  cluster: clusterId.exactOptional(),
  failover: z.boolean().exactOptional(),
});

export const heartbeatBody = z.object({
  epoch,
  master: peer,
  lastIndex: index,
  commitIndex: index,
  settled: z.boolean().exactOptional(),
  opened: index.exactOptional(),
  cluster: clusterId.exactOptional(),
  epochEnd: z.object({ epoch, index }).exactOptional(),
  compactTo: index.exactOptional(),
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
  replicas: z.array(peer).exactOptional(),
  size: size.exactOptional(),
  version: version.exactOptional(),
  since: epoch.exactOptional(),
  cluster: clusterId.exactOptional(),
  failover: z.boolean().exactOptional(),
});
export const joinedSecondary = z.object({
  epoch,
  master: peer,
  cluster: clusterId.exactOptional(),
  failover: z.boolean().exactOptional(),
});
export const snapshotAck = z.object({ session, seq, lastIndex: index });
export const heartbeatAck = z.object({
  node,
  incarnation,
  epoch,
  lastIndex: index,
  acceptedEpoch: epoch.exactOptional(),
  lastEpoch: epoch.exactOptional(),
  hash: hash.exactOptional(),
  lost: z.object({ epoch, upTo: index, open: z.boolean() }).exactOptional(),
  durable: z.boolean().exactOptional(),
  trouble: z.string().exactOptional(),
  doubts: z.boolean().exactOptional(),
});
export const fetched = z.object({
  updates,
  lastIndex: index,
  prev: point.exactOptional(),
  holes: holes.exactOptional(),
});
