// The launcher's control routes (contract, section 9): what a cluster consists of, and the verbs
// that start, stop and change it. They end processes, so they are guarded like the routes between
// nodes.

import type { Hono } from 'hono';
import * as z from 'zod';
import { NODE_ID_PATTERN } from '../core/ids.ts';
import type { Answer } from '../node/answer.ts';
import { json, toResponse } from '../node/answer.ts';
import { BODY_LIMIT, readJson } from '../node/body.ts';
import type { Call, NodeEnv } from '../node/call.ts';
import { credentialsIn } from '../node/credentials.ts';
import type { GuardOptions } from '../node/guard.ts';
import { createGuard } from '../node/guard.ts';
import { invalid, problem, RequestRefused } from '../node/problems.ts';
import { ChildFailed, OUTPUT_KEPT } from './child.ts';
import type { Control } from './control.ts';
import { ACTIONS, Conflict, UnknownNode } from './control.ts';

type Handler = (call: Call) => Promise<Answer> | Answer;

/**
 * Adds the control routes to an app. `find` gives the cluster, or throws Conflict while there is
 * none yet. `guard`: who may use them (contract, section 7).
 */
export function addControlRoutes<Env extends NodeEnv>(
  app: Hono<Env>,
  find: () => Control,
  guard: GuardOptions,
): void {
  const check = createGuard(guard);
  const route = (path: string, verbs: Readonly<Record<string, Handler>>) => {
    app.all(path, async (call) => toResponse(await answer(call as unknown as Call, verbs)));
  };
  const answer = async (call: Call, verbs: Readonly<Record<string, Handler>>): Promise<Answer> => {
    const refusal = check(credentialsIn(call), 'peer');
    if (refusal !== null) return refusal;
    const handler = verbs[call.req.method === 'HEAD' ? 'GET' : call.req.method];
    if (handler === undefined) return notAllowed(call, Object.keys(verbs));
    try {
      return await handler(call);
    } catch (error) {
      return refused(error);
    }
  };

  route('/cluster', { GET: () => json(200, find().view()) });
  route('/cluster/nodes', {
    POST: async (call) =>
      json(201, await find().add((await readJson(call, BODY_LIMIT, ADDITION, {})).node)),
  });
  route('/cluster/nodes/:id', {
    DELETE: async (call) => json(200, await find().remove(idOf(call))),
  });
  route('/cluster/nodes/:id/output', {
    GET: (call) => {
      const node = idOf(call);
      return json(200, { node, ...find().output(node, linesOf(call)) });
    },
  });
  for (const action of ACTIONS) {
    route(`/cluster/nodes/:id/${action}`, {
      POST: async (call) => json(200, await find().act(idOf(call), action)),
    });
  }
}

function idOf(call: Call): string {
  return call.req.param('id') ?? '';
}

/** `?lines=`: how many at most; all that are kept unless it says so. */
function linesOf(call: Call): number {
  const text = call.req.query('lines');
  if (text === undefined) return OUTPUT_KEPT;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new RequestRefused(invalid([{ path: 'lines', message: 'must be a number of lines' }]));
}

/** What commands take instead of an id: a node of that name would take their meaning away. */
const SELECTORS: ReadonlySet<string> = new Set(['all', 'master', 'secondary']);

/** The body of an addition: nothing, or the id of the new node. */
const ADDITION = z.strictObject({
  node: z
    .string()
    .regex(NODE_ID_PATTERN, 'must be a node id: a-z, 0-9 and -, at most 32 characters')
    // The arbiter's folder stands beside those of the nodes.
    .refine((id) => id !== 'arbiter', 'is the name of the arbiter')
    .refine((id) => !SELECTORS.has(id), 'is a word that chooses nodes: it cannot be the id of one')
    .optional(),
});

function notAllowed(call: Call, verbs: readonly string[]): Answer {
  const detail = `${call.req.path} takes ${verbs.join(', ')} only.`;
  return problem('method-not-allowed', detail, {}, { allow: verbs.join(', ') });
}

function refused(error: unknown): Answer {
  if (error instanceof RequestRefused) return error.answer;
  if (error instanceof UnknownNode) return own('unknown-node', error.message);
  if (error instanceof Conflict) return own('conflict', error.message);
  if (error instanceof ChildFailed) {
    return own('node-failed', [error.message, ...error.lines.slice(-1)].join(': '));
  }
  throw error;
}

/** The problems that only a launcher has. */
const OWN_PROBLEMS = {
  'unknown-node': { status: 404, title: 'The cluster has no such node' },
  conflict: { status: 409, title: 'That cannot be done in this state' },
  'node-failed': { status: 500, title: 'The node could not be started' },
} as const;

function own(code: keyof typeof OWN_PROBLEMS, detail: string): Answer {
  const { status, title } = OWN_PROBLEMS[code];
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ type: `/problems/${code}`, title, status, detail, code }),
  };
}
