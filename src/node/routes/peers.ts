// Node to node: `/replica/*` and `/arbiter/*` (contract, section 6). Each route is one message of
// the core; its answer is the core's answer. Faults strike between the network and the core.

import type * as z from 'zod';
import type { Response as Answered, Request } from '../../core/messages.ts';
import type { Fate, Faults, Met } from '../faults/faults.ts';
import type { Answer } from '../http/answer.ts';
import { jsonIn, PEER_LIMIT, readJson } from '../http/body.ts';
import { type Call, header, target } from '../http/call.ts';
import { departureOf } from '../http/departure.ts';
import { type ProblemCode, problem } from '../http/problems.ts';
import type { Route, SuccessDoc } from '../http/route.ts';
import { answerTo } from '../peers/peer-answers.ts';
import { PEER_MESSAGES, PEER_PATHS, type PeerMessage } from '../peers/peer-paths.ts';
import * as schemas from '../peers/peer-schemas.ts';
import * as outputs from '../peers/peer-success.ts';
import { Repeated } from '../peers/repeated.ts';
import { readSnapshot } from '../peers/snapshot-reader.ts';
import { reachedDirectly } from '../peers/tunnel-door.ts';
import { OFFER, REACHED_AT, TUNNELS, type Tunnelled } from '../peers/tunnel-frames.ts';
import type { Encoded } from '../runtime/engine.ts';

interface Described<T extends PeerMessage> {
  readonly schema: z.ZodType<Omit<Extract<Request, { type: T }>, 'type'>>;
  readonly summary: string;
  readonly success: SuccessDoc;
  readonly problems: readonly ProblemCode[];
}

const ok = (description: string, schema?: z.ZodType): SuccessDoc =>
  schema === undefined ? { status: 200, description } : { status: 200, description, schema };

const MESSAGES: { readonly [T in PeerMessage]: Described<T> } = {
  Join: {
    schema: schemas.joinBody,
    summary: 'A starting node asks its arbiter for a role',
    success: ok('The role.', outputs.joined),
    problems: [
      ...(['no-arbiter', 'standby', 'no-master', 'overloaded'] as const),
      ...(['wrong-cluster', 'node-id-taken', 'stale-epoch'] as const),
    ],
  },
  Leave: {
    schema: schemas.leaveBody,
    summary: 'A node is no replica any more',
    success: ok('It is not.', outputs.left),
    problems: ['no-arbiter', 'standby', 'overloaded'],
  },
  Replicas: {
    schema: schemas.replicasBody,
    summary: 'The arbiter tells the master the whole set of replicas',
    success: ok('Noted.', outputs.replicasNoted),
    problems: ['stale-epoch', 'not-master', 'no-master'],
  },
  Snapshot: {
    schema: schemas.snapshotBody,
    summary: 'Operations for a secondary, in order',
    success: ok('All up to `seq` is persisted.', outputs.snapshotAck),
    problems: [
      ...(['stale-epoch', 'stale-session', 'out-of-order', 'diverged'] as const),
      ...(['overloaded', 'no-master'] as const),
    ],
  },
  Heartbeat: {
    schema: schemas.heartbeatBody,
    summary: 'The master shows that it lives, and how far it is',
    success: ok('So does this node.', outputs.heartbeatAck),
    problems: ['stale-epoch'],
  },
  Fetch: {
    schema: schemas.fetchBody,
    summary: 'A master that opens an epoch asks for what lies beyond its own log',
    success: ok('As many operations as fit one answer.', outputs.fetched),
    problems: ['stale-epoch'],
  },
};

/** What takes the messages in. */
export interface Receiver {
  receive(request: Request): Promise<Answered | Encoded>;
  /** A fault that was asked for struck this request. */
  struck?(request: Request, fault: string, ms: number): void;
}

/** The routes of some messages, or of all. `faults` strike Snapshots and, if asked to, Heartbeats;
 * `stopping` lets go of requests that are never to be answered. */
export function peerRoutes(
  receiver: Receiver,
  stopping: AbortSignal,
  faults: Faults | null,
  types: readonly PeerMessage[] = PEER_MESSAGES,
): Route[] {
  const route = <T extends PeerMessage>(type: T): Route => {
    const { schema, summary, success, problems } = MESSAGES[type] as Described<T>;
    const briefly = type === 'Snapshot' ? readSnapshot : undefined;
    const tunnel = isTunnelled(type) ? TUNNELS[type] : null;
    const struck = tunnel === null ? null : faults;
    const taken = async (request: Request, path: string): Promise<Fate<Answer>> => {
      const handle = async () => answerTo(await receiver.receive(request), path);
      if (struck === null) return { type: 'answered', answer: await handle() };
      const traffic = type === 'Snapshot' ? 'snapshot' : 'heartbeat';
      const met: Met = (fault, ms) => receiver.struck?.(request, fault, ms);
      return struck.through(traffic, handle, met);
    };
    const latest = new Repeated<unknown>();
    const fieldsIn = (body: Buffer): unknown => jsonIn<unknown>(body, schema, briefly);
    const framed = async (body: Buffer): Promise<Answer | null> => {
      const fields =
        type === 'Heartbeat'
          ? latest.of(body.toString('latin1'), () => fieldsIn(body))
          : fieldsIn(body);
      const fate = await taken(requestOf(type, fields), PEER_PATHS[type]);
      if (fate.type === 'dropped') return null;
      return fate.type === 'answered' ? fate.answer : FAULT;
    };
    return {
      method: 'POST',
      path: PEER_PATHS[type],
      access: 'peer',
      doc: {
        id: `receive${type}`,
        summary,
        body: { schema },
        success: [success],
        problems: [
          ...(['unsupported-media-type', 'too-large'] as const),
          ...problems,
          ...(struck === null ? [] : (['fault-injected'] as const)),
        ],
      },
      direct: true,
      handle: async (call) => {
        const fields = await readJson<unknown>(call, PEER_LIMIT, schema, undefined, briefly);
        const path = target(call.req.url);
        const fate = await taken(requestOf(type, fields), path);
        if (fate.type === 'dropped') {
          await gone(call, stopping);
          // No answer, not even that of a node that stops.
          call.env?.incoming?.socket.destroy();
        }
        if (fate.type !== 'answered') return FAULT;
        return tunnel === null ? fate.answer : offering(call, fate.answer);
      },
      ...(tunnel === null ? {} : { framed: { tunnel, handle: framed } }),
    };
  };
  return types.map(route);
}

const FAULT: Answer = problem('fault-injected', 'This answer is a fault that was asked for.');

/** The schema is that of this very type; TypeScript cannot see it through the generic. */
const requestOf = (type: PeerMessage, fields: unknown): Request =>
  ({ type, ...(fields as object) }) as unknown as Request;

const isTunnelled = (type: PeerMessage): type is PeerMessage & Tunnelled => type in TUNNELS;

/** Tells a sender that nothing stands between it and this node, and that such messages may travel
 * through a tunnel. */
function offering(call: Call, answer: Answer): Answer {
  if (answer.status !== 200) return answer;
  const url = header(call, REACHED_AT);
  const socket = call.env?.incoming?.socket;
  if (url === undefined || socket === undefined || !reachedDirectly(url, socket)) return answer;
  return { ...answer, headers: { ...answer.headers, [OFFER]: '1' } };
}

/** Waits until the peer has given up or the node stops. */
function gone(call: Call, stopping: AbortSignal): Promise<void> {
  const departure = departureOf(call);
  if (departure.aborted || stopping.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stopping.removeEventListener('abort', done);
      resolve();
    };
    departure.addEventListener('abort', done);
    stopping.addEventListener('abort', done);
  });
}
