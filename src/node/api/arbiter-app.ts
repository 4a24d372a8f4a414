// The HTTP side of an arbiter that is a process of its own, or lives in the launcher: Join, Leave,
// and what it says of itself. The launcher adds its control routes.

import * as z from 'zod';
import type { Peer, Refusal } from '../../core/messages.ts';
import { createLogger, type Logger } from '../diagnostics/logger.ts';
import { json, toResponse } from '../http/answer.ts';
import { createGuard, type GuardOptions } from '../http/guard.ts';
import { type App, mount } from '../http/mount.ts';
import type { Route } from '../http/route.ts';
import { answerTo } from '../peers/peer-answers.ts';
import { aliveRoutes } from '../routes/alive.ts';
import { peerRoutes, type Receiver } from '../routes/peers.ts';
import { withDocument } from './app.ts';
import { ok, peerOut } from './success.ts';

/** What one that stands by says, whatever it is asked for. */
export const STANDBY: Refusal = { type: 'Refused', code: 'standby' };

/** What the routes see of a running arbiter. */
export interface ArbiterView extends Receiver {
  readonly members: readonly Peer[];
  readonly master: Peer | null;
  /** It is one of several, and not in charge; null or absent: it is. */
  readonly standby?: Standby | null;
}

/** What one that stands by says of itself. */
export interface Standby {
  /** URL of the arbiter in charge, as etcd last said; null: nobody, or etcd does not say. */
  readonly inCharge: string | null;
}

export interface ArbiterAppOptions extends GuardOptions {
  /** Default: silent. */
  readonly logger?: Logger;
  /** Aborts when the server stops. */
  readonly stopping?: AbortSignal;
  /** Routes of the process around this arbiter, e.g. the launcher's. */
  readonly routes?: readonly Route[];
}

const health = z.strictObject({
  role: z.literal('arbiter'),
  master: peerOut.nullable(),
  members: z.array(peerOut),
  standby: z.literal(true).optional().describe('it is not in charge; absent: it is'),
  inCharge: z
    .string()
    .nullable()
    .optional()
    .describe('where it stands by: URL of the arbiter in charge; null: nobody is known to be'),
});

export function createArbiterApp(arbiter: ArbiterView, options: ArbiterAppOptions = {}): App {
  const stopping = options.stopping ?? new AbortController().signal;
  const routes = [
    ...peerRoutes(arbiter, stopping, null, ['Join', 'Leave']),
    ...stateRoutes(arbiter),
    ...aliveRoutes(),
    ...(options.routes ?? []),
  ];
  const logger = options.logger ?? createLogger({ level: 'silent' });
  return mount(withDocument(routes), createGuard(options), logger, stopping);
}

function isWaiting({ standby = null }: ArbiterView): boolean {
  return standby !== null;
}

function stateRoutes(arbiter: ArbiterView): Route[] {
  return [
    {
      method: 'GET',
      path: '/health',
      access: 'client',
      doc: {
        id: 'readArbiter',
        summary: 'The members and the master, as the arbiter knows them',
        success: [{ status: 200, description: 'The state.', schema: health }],
      },
      handle: () => {
        const { master } = arbiter;
        // An arbiter knows more of its members than is told here.
        const members = arbiter.members.map(({ node, url }) => ({ node, url }));
        const waits = isWaiting(arbiter) ? { standby: true, ...arbiter.standby } : {};
        return toResponse(json(200, { role: 'arbiter', master, members, ...waits }));
      },
    },
    {
      method: 'GET',
      path: '/readyz',
      access: 'client',
      doc: {
        id: 'readReadiness',
        summary: 'Whether the arbiter takes nodes in',
        success: [{ status: 200, description: 'It does.', schema: ok }],
        problems: ['standby'],
      },
      handle: () => {
        const waits = isWaiting(arbiter);
        return toResponse(waits ? answerTo(STANDBY, '/readyz') : json(200, { status: 'ok' }));
      },
    },
  ];
}
