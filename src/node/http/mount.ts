// Makes a Hono app of a list of routes: the guard in front of each, one answer for what is not
// there, and one place where errors become answers. Nothing here costs a request a closure.

import { setMaxListeners } from 'node:events';
import { Hono } from 'hono';
import { DamagedLog } from '../../persistence/persistence.ts';
import { ClientGone } from '../api/write.ts';
import type { Logger } from '../diagnostics/logger.ts';
import { type Door, type Passage, tunnelDoor } from '../peers/tunnel-door.ts';
import { LogCutBack } from '../reading/log-reader.ts';
import { type Answer, toResponse } from './answer.ts';
import { refuseFields } from './body.ts';
import { BodyRoom } from './body-room.ts';
import { type Call, type NodeEnv, rawPath } from './call.ts';
import { credentialsIn } from './credentials.ts';
import { type Direct, directly } from './direct.ts';
import type { Access, Guard } from './guard.ts';
import { damagedLog, problem, RequestRefused } from './problems.ts';
import { fieldsOf, refuseInQuery } from './query.ts';
import { type Route, takesNoFields } from './route.ts';

/** `direct` takes the requests that need no web objects, where there is a real server. */
export type App = Hono<NodeEnv> & {
  readonly direct: Direct;
  /** Takes tunnels; absent where no route has frames. */
  readonly door?: Door;
};

/** What is between nodes is so as a whole, whether it exists or not (contract, section 7). */
const PEERS = /^\/(?:replica|arbiter)\//;

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

/** `stopping` aborts when the server stops. */
export function mount(
  routes: readonly Route[],
  guard: Guard,
  logger: Logger,
  stopping: AbortSignal,
  bodies: BodyRoom = new BodyRoom(),
): App {
  // Every open stream and tunnel listens; how many there may be is bounded where they begin.
  setMaxListeners(0, stopping);
  // Paths are matched as they were sent: a key may contain whatever it likes, encoded.
  const app = new Hono<NodeEnv>({ getPath: (request) => rawPath(request.url) });
  const refusal = (call: Call, access: Access): Answer | null => guard(credentialsIn(call), access);

  for (const route of routes) {
    const { method, path, alias, access, doc, handle } = route;
    const bare = takesNoFields(route);
    const inBody = doc.query === undefined ? fieldsOf(doc.body?.schema) : [];
    const guarded = async (call: Call): Promise<Response> => {
      const refused = refusal(call, access);
      if (refused !== null) return toResponse(refused);
      refuseInQuery(call, inBody);
      if (call.env !== undefined) call.env.bodies = bodies;
      if (bare) await refuseFields(call);
      const answer = await handle(call);
      return answer instanceof Response ? answer : toResponse(answer);
    };
    app.on(method, alias === undefined ? [path] : [path, alias], guarded);
  }

  app.notFound((call) => {
    const { path } = call.req;
    const refused = refusal(call, PEERS.test(path) ? 'peer' : 'client');
    return toResponse(refused ?? missing(app, path));
  });

  const failed = (error: unknown, path: string): Answer | null => {
    if (error instanceof RequestRefused) return error.answer;
    if (error instanceof ClientGone) return null;
    if (error instanceof LogCutBack) {
      return problem('not-ready', "A new master's log is replacing this one.");
    }
    logger.error({ err: error, path }, 'a request failed');
    if (error instanceof DamagedLog) return damagedLog(error);
    return problem('internal-error', 'The node could not handle the request.');
  };

  app.onError((error, call) => {
    const answer = failed(error, call.req.path);
    return answer === null ? new Response(null, { status: 499 }) : toResponse(answer);
  });

  const direct = directly(routes, guard, failed, bodies);
  const passages = new Map<string, Passage>();
  for (const { path, framed } of routes) {
    if (framed === undefined) continue;
    const { tunnel, handle } = framed;
    passages.set(tunnel, { handle, failed: (error) => failed(error, path) });
  }
  if (passages.size === 0) return Object.assign(app, { direct });
  return Object.assign(app, { direct, door: tunnelDoor(passages, guard, stopping) });
}

/** 405 where another method would have been right, 404 elsewhere. */
function missing(app: Hono<NodeEnv>, path: string): Answer {
  const allowed: string[] = METHODS.filter(
    (method) => app.router.match(method, path)[0].length > 0,
  );
  if (allowed.length === 0) return problem('not-found', 'There is nothing at this path.');
  if (allowed.includes('GET')) allowed.push('HEAD');
  const allow = allowed.join(', ');
  const detail = `This path takes ${allow}.`;
  return problem('method-not-allowed', detail, { allow: allowed }, { allow });
}
