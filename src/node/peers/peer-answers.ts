// Answers between nodes, both ways: what the core says as HTTP, and HTTP as what the core hears.

import * as z from 'zod';
import type { Response as Answered, Refusal, Request } from '../../core/messages.ts';
import { type Answer, json, jsonText } from '../http/answer.ts';
import { locationAt } from '../http/location.ts';
import { type Extra, problem } from '../http/problems.ts';
import type { Encoded } from '../runtime/engine.ts';
import * as schemas from './peer-schemas.ts';
import { usualAck } from './snapshot-envelope.ts';

/** The answer of this node to another. `path` is that of the request, for a redirect. */
export function answerTo(response: Answered | Encoded, path: string): Answer {
  if ('json' in response) return jsonText(200, new Uint8Array(response.json));
  if (response.type === 'Refused') return refusal(response, path);
  const { type, ...fields } = response;
  return json(200, type === 'HeartbeatAck' ? fields : { result: type, ...fields });
}

const DETAILS: Readonly<Record<Refusal['code'], string>> = {
  'stale-epoch': 'The epoch of the request is over.',
  'stale-session': 'The session of the request has been replaced.',
  'out-of-order': 'Something before this Snapshot is missing; nothing was changed.',
  diverged: 'The logs differ at or before the point that the request names.',
  'no-master': 'There is no master to give, or to send the message to.',
  'not-master': 'The message is for a node in another role.',
  'wrong-cluster': "The node's data belongs to another cluster.",
  'node-id-taken': 'Another living process uses this node id.',
  overloaded: 'Too many requests of other nodes are waiting.',
  'no-arbiter': 'This process runs no arbiter.',
  standby: 'Another arbiter is in charge, or none yet.',
};

function refusal(refused: Refusal, path: string): Answer {
  const { type: _, code, ...extra } = refused;
  const detail = DETAILS[code];
  if (refused.code !== 'not-master') return problem(code, detail, extra);
  return problem(code, detail, extra, { location: locationAt(refused.master.url, path) });
}

/** A peer gave no answer that means something in the protocol. `message` is for people. */
export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly retriable = true;
}

/** What a peer's HTTP answer says. Throws PeerError for anything that is not part of the protocol:
 * the core then behaves as if no answer had come. */
export function understood(type: Request['type'], status: number, text: string): Answered {
  const body = parsed(text);
  if (status === 200) return success(type, body);
  const refused = problemBody.safeParse(body);
  if (!refused.success) throw new PeerError(`answered ${status}`);
  const { code, detail } = refused.data;
  const reader = REFUSALS[code as Refusal['code']];
  const said = Object.hasOwn(REFUSALS, code) ? reader.safeParse(body) : null;
  if (said?.success === true) return { type: 'Refused', ...said.data } as Refusal;
  throw new PeerError(`answered ${status} ${code}${detail === undefined ? '' : `: ${detail}`}`);
}

const problemBody = z.object({
  code: z.string().max(64),
  detail: z
    .string()
    .transform((text) => text.slice(0, DETAIL_MAX))
    .optional()
    .catch(undefined),
});

/** Characters of a peer's words that are shown. */
const DETAIL_MAX = 500;

const of = <C extends Refusal['code']>(code: C, fields: z.ZodRawShape = {}): z.ZodType<Extra> =>
  z.object({ code: z.literal(code), ...fields }) as z.ZodType<Extra>;

const REFUSALS: Readonly<Record<Refusal['code'], z.ZodType<Extra>>> = {
  'stale-epoch': of('stale-epoch', {
    epoch: schemas.epoch,
    node: z.string().optional().catch(undefined),
    incarnation: z.string().optional().catch(undefined),
  }),
  // The protocol does not ask for the number; without it, any newer session will do.
  'stale-session': of('stale-session', { session: z.int().default(0) }),
  'out-of-order': of('out-of-order', { expected: z.int().min(0) }),
  diverged: of('diverged', { lastIndex: z.int().min(0) }),
  'no-master': of('no-master'),
  'not-master': of('not-master', { master: schemas.peer }),
  'wrong-cluster': of('wrong-cluster', { cluster: z.string() }),
  'node-id-taken': of('node-id-taken', { node: z.string() }),
  overloaded: of('overloaded'),
  'no-arbiter': of('no-arbiter'),
  standby: of('standby'),
};

/** What a peer's text is as JSON; undefined if it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function success(type: Request['type'], body: unknown): Answered {
  switch (type) {
    case 'Join': {
      const result = resultOf(body);
      if (result === 'JoinedMaster') return { type: result, ...take(schemas.joinedMaster, body) };
      if (result === 'JoinedSecondary') {
        return { type: result, ...take(schemas.joinedSecondary, body) };
      }
      throw new PeerError('answered a Join with something else');
    }
    // The contract asks for 200 here and next, and for no particular body.
    case 'Leave':
      return { type: 'Left' };
    case 'Replicas': {
      const said = schemas.replicasNoted.safeParse(body);
      return { type: 'ReplicasNoted', ...said.data };
    }
    case 'Snapshot':
      return { type: 'SnapshotAck', ...(usualAck(body) ?? acknowledged(body)) };
    case 'Heartbeat':
      return { type: 'HeartbeatAck', ...take(schemas.heartbeatAck, body) };
    case 'Fetch':
      return { type: 'Fetched', ...take(schemas.fetched, body) };
  }
}

/** Only what calls itself an acknowledgement is one: it stands for a copy on another node. */
function acknowledged(body: unknown): z.infer<typeof schemas.snapshotAck> {
  if (resultOf(body) === 'SnapshotAck') return take(schemas.snapshotAck, body);
  throw new PeerError('answered a Snapshot with something else');
}

function resultOf(body: unknown): string {
  return take(z.object({ result: z.string() }), body).result;
}

function take<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  // An answer that is no object at all has no field to be named.
  const field = issue?.path.map(String).join('.') ?? '';
  const what = [field, issue?.message].filter(Boolean).join(' ');
  throw new PeerError(`gave an answer that is not understood: ${what}`);
}
