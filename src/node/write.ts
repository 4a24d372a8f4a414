// A client's write on its way to the engine: the part that messages, batches and keys share. It is
// on the hot path, so it makes one object and nothing else.

import type { Outcome, Write, WriteConcern } from '../core/effects.ts';
import type { Operation } from '../core/operation.ts';
import type { Answer } from './answer.ts';
import type { Call } from './call.ts';
import { type Departure, departureOf } from './departure.ts';
import type { Asked } from './outcomes.ts';
import type { Site } from './route.ts';

/** What the client asked for; absent fields are `undefined`. */
export interface WriteRequest {
  readonly operations: readonly Operation[];
  readonly batch: boolean;
  readonly w: WriteConcern;
  readonly timeoutMs: number | undefined;
  readonly idempotencyKey: string | undefined;
  /** As in `Write`; undefined: no precondition. */
  readonly ifIndex?: Write['ifIndex'] | undefined;
}

/** Nobody is there to be answered any more. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** Sent before the answer to the one before it: that its connection had something to read says
 * nothing of when it came. */
const isFollower = ({ env }: Call): boolean => env?.outgoing?.socket === null;

/** Writes, waits, and answers as `answer` says. The client's leaving frees the waiter (B51). */
export async function write(
  site: Site,
  call: Call,
  request: WriteRequest,
  answer: (outcome: Outcome, asked: Asked) => Answer,
  departure: Departure = departureOf(call),
): Promise<Answer> {
  const { engine, clock, metrics } = site;
  const started = clock.monotonicMs();
  const { w } = request;
  const { operations, batch, timeoutMs, idempotencyKey, ifIndex } = request;
  // Only a time limit counts from the arrival.
  const untimed = timeoutMs === undefined;
  const arrivedAt = untimed ? undefined : isFollower(call) ? started : clock.arrivalMs();
  const order = {
    operations,
    batch,
    at: clock.iso(),
    w,
    timeoutMs,
    arrivedAt,
    idempotencyKey,
    ifIndex,
  };
  if (departure.aborted) throw new ClientGone('the client left before its write was begun');
  // The engine only listens for 'abort'.
  const outcome = await engine.write(order, departure);
  const ms = clock.monotonicMs() - started;
  if (outcome.type === 'Stored') metrics.observeWrite(ms);
  const { durable } = engine.persistence;
  return answer(outcome, { w, durable, ms, url: call.req.url });
}
