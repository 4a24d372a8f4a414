// The launcher's control routes (contract, section 9): what a cluster consists of, and the verbs
// that start, stop and change it. They end processes, so they are guarded like the routes between
// nodes.

import * as z from 'zod';
import { NODE_ID_PATTERN } from '../core/ids.ts';
import { positive } from '../node/api/schemas.ts';
import { type Answer, json } from '../node/http/answer.ts';
import { BODY_LIMIT, readJson } from '../node/http/body.ts';
import type { Call } from '../node/http/call.ts';
import { type ProblemCode, problem } from '../node/http/problems.ts';
import { readQuery } from '../node/http/query.ts';
import type { Route, RouteDoc } from '../node/http/route.ts';
import type { Control } from './control.ts';
import { ACTIONS, type Action, Conflict, UnknownNode } from './control.ts';
import { refusalOfId } from './files/layout.ts';
import { ChildFailed, OUTPUT_KEPT } from './process/child.ts';

/** `find` gives the cluster, or throws Conflict while there is none yet. */
export function controlRoutes(find: () => Control): Route[] {
  return [
    route('GET', '/cluster', SHOW, () => json(200, find().view())),
    route('POST', '/cluster/nodes', ADD, async (call) => {
      const { node } = await readJson(call, BODY_LIMIT, ADDITION, {});
      return json(201, await find().add(node));
    }),
    route('DELETE', '/cluster/nodes/:id', REMOVE, async (call) =>
      json(200, await find().remove(idOf(call))),
    ),
    route('GET', '/cluster/nodes/:id/output', OUTPUT, (call) => {
      const { lines } = readQuery(call, OUTPUT_QUERY);
      const node = idOf(call);
      return json(200, { node, ...find().output(node, lines) });
    }),
    ...ACTIONS.map((action) =>
      route('POST', `/cluster/nodes/:id/${action}`, actDoc(action), async (call) =>
        json(200, await find().act(idOf(call), action)),
      ),
    ),
  ];
}

function route(
  method: Route['method'],
  path: string,
  doc: RouteDoc,
  handle: (call: Call) => Promise<Answer> | Answer,
): Route {
  const answer = async (call: Call): Promise<Answer> => {
    try {
      return await handle(call);
    } catch (error) {
      return refused(error);
    }
  };
  return { method, path, access: 'peer', doc, handle: answer };
}

function idOf(call: Call): string {
  return call.req.param('id') ?? '';
}

/** The body of an addition: nothing, or the id of the new node. */
const ADDITION = z.strictObject({
  node: z
    .string()
    .regex(NODE_ID_PATTERN, 'must be a node id: a-z, 0-9 and -, at most 32 characters')
    .refine((id) => refusalOfId(id) === null, {
      error: ({ input }) => refusalOfId(String(input)) ?? '',
    })
    .optional(),
});

const OUTPUT_QUERY = z.strictObject({
  lines: positive(999_999).default(OUTPUT_KEPT).meta({ description: 'How many at most.' }),
});

const ID = { id: 'The node.' };

const VIEW = z.strictObject({
  node: z.string(),
  role: z.enum(['master', 'secondary', 'removed']).nullable(),
  url: z.string(),
  pid: z.int().nullable().meta({ description: 'null while no process runs.' }),
  state: z.enum(['starting', 'running', 'paused', 'stopping', 'stopped', 'exited']),
});

/** The answer to an addition or a removal. */
const CHANGED = VIEW.extend({
  warning: z.string().exactOptional().meta({
    description: 'It could not be written down: a restart of the cluster would undo it.',
  }),
});

const FAILURES: readonly ProblemCode[] = ['unknown-node', 'conflict', 'node-failed'];

const SHOW: RouteDoc = {
  id: 'readCluster',
  summary: 'The cluster: its nodes with role, URL, pid and state',
  success: [
    {
      status: 200,
      description: 'The cluster.',
      schema: z.strictObject({
        name: z.string(),
        pid: z.int().meta({ description: 'Of the launcher.' }),
        size: z.int(),
        arbiter: z.string(),
        control: z.string(),
        dataDir: z.string().nullable(),
        nodes: z.array(VIEW),
        removed: z.array(VIEW).meta({ description: 'No members any more; they still serve.' }),
      }),
    },
  ],
  problems: ['conflict'],
};

const ADD: RouteDoc = {
  id: 'addNode',
  summary: 'Start one more secondary',
  description: 'The cluster becomes larger by it. Without `node` it has the next free id.',
  body: { schema: ADDITION, optional: true },
  success: [{ status: 201, description: 'The node.', schema: CHANGED }],
  problems: ['unsupported-media-type', 'too-large', 'conflict', 'node-failed'],
};

const REMOVE: RouteDoc = {
  id: 'removeNode',
  summary: 'Take a secondary out of the cluster for good',
  description: 'The cluster becomes smaller; the process serves what it had until it is stopped.',
  params: ID,
  success: [{ status: 200, description: 'The node.', schema: CHANGED }],
  problems: FAILURES,
};

const OUTPUT: RouteDoc = {
  id: 'readOutput',
  summary: "The last lines of a node's own output",
  params: ID,
  query: OUTPUT_QUERY,
  success: [
    {
      status: 200,
      description: 'The lines, oldest first; `first` is the number of the first of them.',
      schema: z.strictObject({ node: z.string(), first: z.int(), lines: z.array(z.string()) }),
    },
  ],
  problems: ['unknown-node', 'conflict'],
};

const WHAT: Readonly<Record<Action, string>> = {
  stop: 'End a node in order; it stays a member',
  start: 'Start a node that has ended',
  restart: 'Stop and start a node',
  kill: 'End a node at once (SIGKILL)',
  pause: 'Freeze a node (SIGSTOP)',
  resume: 'Let a paused node go on (SIGCONT)',
};

function actDoc(action: Action): RouteDoc {
  return {
    id: `${action}Node`,
    summary: WHAT[action],
    ...(action === 'restart' ? {} : { description: 'A node that is so already is left as it is.' }),
    params: ID,
    success: [{ status: 200, description: 'The node afterwards.', schema: VIEW }],
    problems: FAILURES,
  };
}

function refused(error: unknown): Answer {
  if (error instanceof UnknownNode) return problem('unknown-node', error.message);
  if (error instanceof Conflict) return problem('conflict', error.message);
  if (error instanceof ChildFailed) {
    // A node that gives up says why, and then the way out.
    const words = error.lines.slice(-2).join('; ');
    return problem('node-failed', words === '' ? error.message : `${error.message}: ${words}`);
  }
  throw error;
}
