// What a route is: method, path, who may call it, what the API document says of it, and the
// handler. The app and the OpenAPI document are both made from the same list of these.

import type * as z from 'zod';
import type { WriteConcern } from '../../core/effects.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../diagnostics/logger.ts';
import type { Metrics } from '../diagnostics/metrics.ts';
import type { FoundDamage } from '../found-damage.ts';
import type { FrameHandler } from '../peers/tunnel-door.ts';
import type { ReadingRoom } from '../reading/reading-room.ts';
import type { Engine } from '../runtime/engine.ts';
import type { Trace } from '../story/trace.ts';
import type { Answer } from './answer.ts';
import type { Call } from './call.ts';
import type { Access } from './guard.ts';
import type { ProblemCode } from './problems.ts';

/** What every route needs of the node around it. */
export interface Site {
  readonly engine: Engine;
  /** Where those who read the log at length wait for each other. */
  readonly reads: ReadingRoom;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What has happened to operations lately. */
  readonly trace: Trace;
  /** What the node found wrong in its log; null: nothing is known of damage. */
  readonly damage: FoundDamage | null;
  /** Write concern of messages that name none. */
  readonly defaultW: WriteConcern;
  /** Aborts when the server stops: open streams end. */
  readonly stopping: AbortSignal;
  /** Pause between two comments on an otherwise silent event stream. */
  readonly streamBeatMs: number;
  /** Event streams at the same time. */
  readonly streamsMax: number;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A path of Hono: `/log/:index`. */
  readonly path: string;
  /** Another path for the same handler, where one pattern cannot say it; not documented. */
  readonly alias?: string;
  readonly access: Access;
  readonly doc: RouteDoc;
  /** It looks at nothing but `call.env` and `call.req.url`, and answers with an Answer: it can be
   * handled without web objects around it. */
  readonly direct?: boolean;
  /** Its requests may also come as frames of the tunnel that this destination names. */
  readonly framed?: { readonly tunnel: string; readonly handle: FrameHandler };
  readonly handle: (call: Call) => Response | Answer | Promise<Response | Answer>;
}

/** What the OpenAPI document says. */
export interface RouteDoc {
  /** Unique name of the operation. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  /** Name → what it says. */
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: there is nothing to say in one. That of a GET is ignored, any other refused. */
  readonly body?: {
    readonly schema: z.ZodType;
    readonly optional?: boolean;
    readonly any?: boolean;
  };
  readonly success: readonly SuccessDoc[];
  /** Besides those that every route can answer. */
  readonly problems?: readonly ProblemCode[];
}

/** Whether a body, where there is one, must have no fields. */
export function takesNoFields({ method, doc }: Pick<Route, 'method' | 'doc'>): boolean {
  return method !== 'GET' && doc.body === undefined;
}

export interface SuccessDoc {
  readonly status: number;
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: application/json. */
  readonly contentType?: string;
  /** Headers of the answer: name → what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}
