// Makes a Hono app of a list of routes: the guard in front of each, one answer for what is not
// there, and one place where errors become answers. Nothing here costs a request a closure.

import { Hono } from 'hono';
import { type Answer, toResponse } from './answer.ts';
import { type Call, header, hostOf, type NodeEnv, rawPath } from './call.ts';
import type { Access, Guard } from './guard.ts';
import { LogCutBack } from './log-reader.ts';
import type { Logger } from './logger.ts';
import { problem, RequestRefused } from './problems.ts';
import type { Route } from './route.ts';
import { ClientGone } from './write.ts';

export type App = Hono<NodeEnv>;

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

export function mount(routes: readonly Route[], guard: Guard, logger: Logger): App {
  // Paths are matched as they were sent: a key may contain whatever it likes, encoded.
  const app: App = new Hono<NodeEnv>({ getPath: (request) => rawPath(request.url) });
  const refusal = (call: Call, access: Access): Answer | null => {
    const credentials = {
      host: hostOf(call),
      origin: header(call, 'origin'),
      authorization: header(call, 'authorization'),
    };
    return guard(credentials, access);
  };

  for (const { method, path, alias, access, handle } of routes) {
    const guarded = (call: Call): Response | Promise<Response> => {
      const refused = refusal(call, access);
      return refused === null ? handle(call) : toResponse(refused);
    };
    app.on(method, alias === undefined ? [path] : [path, alias], guarded);
  }

  app.notFound((call) => {
    const refused = refusal(call, 'client');
    return toResponse(refused ?? missing(app, call.req.path));
  });

  app.onError((error, call) => {
    if (error instanceof RequestRefused) return toResponse(error.answer);
    if (error instanceof ClientGone) return new Response(null, { status: 499 });
    if (error instanceof LogCutBack) {
      return toResponse(problem('not-ready', "A new master's log is replacing this one."));
    }
    logger.error({ err: error, path: call.req.path }, 'a request failed');
    return toResponse(problem('internal-error', 'The node could not handle the request.'));
  });

  return app;
}

/** 405 where another method would have been right, 404 elsewhere. */
function missing(app: App, path: string): Answer {
  const allowed: string[] = METHODS.filter(
    (method) => app.router.match(method, path)[0].length > 0,
  );
  if (allowed.length === 0) return problem('not-found', 'There is nothing at this path.');
  if (allowed.includes('GET')) allowed.push('HEAD');
  const allow = allowed.join(', ');
  const detail = `This path takes ${allow}.`;
  return problem('method-not-allowed', detail, { allow: allowed }, { allow });
}
