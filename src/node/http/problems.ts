// Every way an HTTP request can fail, in one table: code, status, title, and whether the client is
// told when to come again. Bodies are RFC 9457 problem documents (contract, section 2).

import type { DamagedLog } from '../../persistence/persistence.ts';
import type { Answer } from './answer.ts';

interface Problem {
  readonly status: number;
  readonly title: string;
  /** Seconds for `Retry-After`, where trying again soon makes sense. */
  readonly retryAfter?: number;
}

export const PROBLEMS = {
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'The path does not take this method' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'foreign-origin': { status: 403, title: 'Requests of other origins are refused' },
  'unknown-host': { status: 421, title: 'This node does not answer for that host' },
  'too-large': { status: 413, title: 'The body is too large' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'headers-too-large': { status: 431, title: 'The headers are too long' },
  unauthorized: { status: 401, title: 'A valid token is required' },
  'idempotency-key-reused': { status: 422, title: 'The key stands for another operation' },
  'write-concern-unsatisfiable': { status: 400, title: 'More nodes than the cluster has' },
  'write-concern-timeout': { status: 504, title: 'Stored, but not yet on enough nodes' },
  'operation-failed': { status: 504, title: 'Stored, but not yet on enough nodes' },
  'precondition-failed': { status: 412, title: 'The key has another index' },
  'no-quorum': { status: 503, title: 'Too few nodes are alive', retryAfter: 1 },
  'not-master': { status: 307, title: 'Another node is the master' },
  'no-master': { status: 503, title: 'No master is known', retryAfter: 1 },
  recovering: { status: 503, title: 'The master is opening its epoch', retryAfter: 1 },
  overloaded: { status: 503, title: 'Too much is waiting already', retryAfter: 1 },
  'storage-unavailable': { status: 503, title: 'The disk cannot be written', retryAfter: 1 },
  'shutting-down': { status: 503, title: 'The node is shutting down' },
  'unknown-outcome': { status: 404, title: 'The key is not in the log of this node' },
  'not-linearizable': { status: 503, title: 'The read could not be proved current' },
  'not-ready': { status: 503, title: 'The node is not ready', retryAfter: 1 },
  'stale-epoch': { status: 409, title: "The sender's epoch is over" },
  'stale-session': { status: 409, title: "The sender's session has been replaced" },
  'out-of-order': { status: 409, title: 'Something before this is missing' },
  diverged: { status: 409, title: 'The logs differ' },
  'wrong-cluster': { status: 409, title: 'The node belongs to another cluster' },
  'node-id-taken': { status: 409, title: 'Another living node has this id' },
  'unknown-node': { status: 404, title: 'The cluster has no such node' },
  conflict: { status: 409, title: 'That cannot be done in this state' },
  'node-failed': { status: 500, title: 'The node could not be started' },
  'no-arbiter': { status: 404, title: 'This process runs no arbiter' },
  standby: { status: 503, title: 'Another arbiter is in charge', retryAfter: 1 },
  'damaged-log': { status: 500, title: 'A part of the log is damaged' },
  'fault-injected': { status: 500, title: 'A fault was asked for' },
  'internal-error': { status: 500, title: 'Something went wrong in the node' },
} as const satisfies Record<string, Problem>;

export type ProblemCode = keyof typeof PROBLEMS;

/** What a problem document says besides type, title, status, detail and code. */
export type Extra = Readonly<Record<string, unknown>>;

/**
 * A problem document. `detail` is one sentence for people; `extra` members stand at the top level;
 * `headers` are added to what the table asks for.
 */
export function problem(
  code: ProblemCode,
  detail: string,
  extra: Extra = {},
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const { status, title, retryAfter }: Problem = PROBLEMS[code];
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...headers,
    },
    body: JSON.stringify({ type: `/problems/${code}`, title, status, detail, code, ...extra }),
  };
}

/** A part of the log that was to be read is damaged. */
export function damagedLog({ file, message, offset }: DamagedLog): Answer {
  const detail = `There is ${message}. Restart the node: it fetches from the others.`;
  return problem('damaged-log', detail, { file, offset });
}

/** Where a request is wrong: `path` as in `messages[3]`, empty for the whole. */
export interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** 400 with the list of what is wrong (contract, section 2). */
export function invalid(errors: readonly Mistake[]): Answer {
  const first = errors[0];
  const detail =
    first === undefined
      ? 'The request is not valid.'
      : `${first.path === '' ? '' : `${first.path}: `}${first.message}`;
  return problem('invalid-request', detail, { errors });
}

/** Thrown while a request is being read, and caught in one place: the answer is already made. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`the request was refused with ${answer.status}`);
    this.answer = answer;
  }
}
