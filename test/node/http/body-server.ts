// A server with one route, which takes bodies of any kind.

import * as z from 'zod';
import { createLogger } from '../../../src/node/diagnostics/logger.ts';
import type { BodyRoom } from '../../../src/node/http/body-room.ts';
import type { Call } from '../../../src/node/http/call.ts';
import { mount } from '../../../src/node/http/mount.ts';
import type { Route } from '../../../src/node/http/route.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { NO_GUARD } from './no-guard.ts';

/** `POST /take` answers with what `take` returns. `direct`: without web objects around it. */
export function bodyServer(
  direct: boolean,
  room: BodyRoom,
  take: (call: Call) => Promise<string>,
): Promise<RunningServer> {
  const route: Route = {
    method: 'POST',
    path: '/take',
    access: 'client',
    direct,
    doc: {
      id: 'take',
      summary: 'Take',
      body: { schema: z.any(), any: true },
      success: [{ status: 200, description: 'Taken.' }],
    },
    handle: async (call) => ({ status: 200, headers: {}, body: await take(call) }),
  };
  const { signal } = new AbortController();
  const app = mount([route], NO_GUARD, createLogger({ level: 'silent' }), signal, room);
  return startServer({ app, port: 0, limits: { graceMs: 100 } });
}
