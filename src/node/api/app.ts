// The whole HTTP side of a node, over any Engine: `createApp(engine).request('/health')` needs no
// port. What it is made of: routes, a guard in front of them, and the document that describes them.

import type { WriteConcern } from '../../core/effects.ts';
import { type Clock, systemClock } from '../clock.ts';
import { createLogger, type Logger } from '../diagnostics/logger.ts';
import { createMetrics, type Metrics } from '../diagnostics/metrics.ts';
import type { Faults } from '../faults/faults.ts';
import type { FoundDamage } from '../found-damage.ts';
import { json, toResponse } from '../http/answer.ts';
import type { BodyRoom } from '../http/body-room.ts';
import { createGuard, type GuardOptions } from '../http/guard.ts';
import { type App, mount } from '../http/mount.ts';
import type { Route, Site } from '../http/route.ts';
import { packageVersion } from '../package-version.ts';
import { ReadingRoom } from '../reading/reading-room.ts';
import { aliveRoutes } from '../routes/alive.ts';
import { backupRoutes } from '../routes/backup.ts';
import { faultRoutes } from '../routes/faults.ts';
import { gatherRoutes } from '../routes/gather.ts';
import { healthRoutes } from '../routes/health.ts';
import { keyValueRoutes } from '../routes/key-value.ts';
import { logRoutes } from '../routes/log.ts';
import { messageRoutes } from '../routes/messages.ts';
import { outcomeRoutes } from '../routes/outcomes.ts';
import { peerRoutes } from '../routes/peers.ts';
import { storyRoutes } from '../routes/story.ts';
import type { Engine } from '../runtime/engine.ts';
import { Trace } from '../story/trace.ts';
import { openApi } from './openapi.ts';

export interface AppOptions extends GuardOptions {
  readonly clock?: Clock;
  /** Default: one with room for 128 MiB. */
  readonly reads?: ReadingRoom;
  /** Default: one with room for 256 MiB. */
  readonly bodies?: BodyRoom;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: new ones that read the engine's status. */
  readonly metrics?: Metrics;
  /** What the engine's host takes down of operations; default: nothing. */
  readonly trace?: Trace;
  /** What the engine's host found in its log; default: nothing. */
  readonly damage?: FoundDamage;
  /** Write concern of messages that name none; default "majority". */
  readonly defaultW?: WriteConcern;
  /** Present: the routes of `/faults` exist, and traffic of other nodes goes through these. */
  readonly faults?: Faults;
  /** Aborts when the server stops. */
  readonly stopping?: AbortSignal;
  /** Pause between two comments on a silent event stream; default 15,000 ms. */
  readonly streamBeatMs?: number;
  /** Event streams at the same time; default 1,000. */
  readonly streamsMax?: number;
  /** Routes of the process around this node, e.g. the launcher's. */
  readonly routes?: readonly Route[];
}

export function createApp(engine: Engine, options: AppOptions = {}): App {
  const clock = options.clock ?? systemClock();
  const site: Site = {
    engine,
    clock,
    reads: options.reads ?? new ReadingRoom(clock),
    logger: options.logger ?? createLogger({ level: 'silent' }),
    metrics: options.metrics ?? createMetrics(() => engine.status()),
    trace: options.trace ?? new Trace(0),
    damage: options.damage ?? null,
    defaultW: options.defaultW ?? 'majority',
    stopping: options.stopping ?? new AbortController().signal,
    streamBeatMs: options.streamBeatMs ?? 15_000,
    streamsMax: options.streamsMax ?? 1_000,
  };
  const routes = withDocument([...nodeRoutes(site, options.faults), ...(options.routes ?? [])]);
  return mount(routes, createGuard(options), site.logger, site.stopping, options.bodies);
}

/** Every route of a node but that of its document. */
function nodeRoutes(site: Site, faults: Faults | undefined): Route[] {
  return [
    ...messageRoutes(site),
    ...gatherRoutes(site),
    ...logRoutes(site),
    ...backupRoutes(site),
    ...storyRoutes(site),
    ...outcomeRoutes(site),
    ...keyValueRoutes(site),
    ...healthRoutes(site),
    ...aliveRoutes(),
    ...peerRoutes(site.engine, site.stopping, faults ?? null),
    ...(faults === undefined ? [] : faultRoutes(faults)),
  ];
}

/** Adds `GET /openapi.json`, which describes all of them and itself. */
export function withDocument(routes: readonly Route[]): Route[] {
  let document: unknown;
  const all: Route[] = [
    ...routes,
    {
      method: 'GET',
      path: '/openapi.json',
      access: 'client',
      doc: {
        id: 'readApi',
        summary: 'This document',
        success: [{ status: 200, description: 'OpenAPI 3.1.' }],
      },
      handle: () => {
        document ??= openApi(all, packageVersion());
        return toResponse(json(200, document));
      },
    },
  ];
  return all;
}
