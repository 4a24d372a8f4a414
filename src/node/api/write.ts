// A client's write on its way to the engine: the part that messages, batches and keys share. It is
// on the hot path, so it makes one object and nothing else. The rule: while a client waits, nothing
// here holds what it wrote, or ten thousand of them would need a memory for all their messages.

import type { Outcome, Write, WriteConcern } from '../../core/effects.ts';
import type { Operation } from '../../core/operation.ts';
import type { Answer } from '../http/answer.ts';
import type { Call } from '../http/call.ts';
import { type Departure, departureOf } from '../http/departure.ts';
import { placed } from '../http/in-turn.ts';
import type { Site } from '../http/route.ts';
import type { Asked } from './outcomes.ts';

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

/** When a request came that began to be handled at `started`. Of one that was sent before the one
 * before it was answered, that its connection had something to read says nothing. */
function arrivalOf({ env }: Call, clock: Site['clock'], started: number): number {
  if (env?.bodyAt !== undefined) return env.bodyAt;
  return env?.outgoing?.socket === null ? started : clock.arrivalMs();
}

type AnswerTo = (outcome: Outcome, asked: Asked) => Answer;

/** Writes, waits, and answers as `answer` says. The client's leaving frees the waiter (B51). */
export async function write(
  site: Site,
  call: Call,
  request: WriteRequest,
  answer: AnswerTo,
  departure: Departure = departureOf(call),
): Promise<Answer> {
  const { engine, clock } = site;
  const started = clock.monotonicMs();
  const { operations, batch, w, timeoutMs, idempotencyKey, ifIndex } = request;
  // Only a time limit counts from the arrival.
  const arrivedAt = timeoutMs === undefined ? undefined : arrivalOf(call, clock, started);
  const at = clock.iso();
  const order = { operations, batch, at, w, timeoutMs, arrivedAt, idempotencyKey, ifIndex };
  if (departure.aborted) throw new ClientGone('the client left before its write was begun');
  // The engine only listens for 'abort'.
  const writing = engine.write(order, departure);
  placed(call.env?.outgoing);
  // This function ends here, and lets go of its request.
  return answered(site, writing, started, w, call.req.url, answer);
}

async function answered(
  { engine, clock, metrics }: Site,
  writing: Promise<Outcome>,
  started: number,
  w: WriteConcern,
  url: string,
  answer: AnswerTo,
): Promise<Answer> {
  const outcome = await writing;
  const ms = clock.monotonicMs() - started;
  if (outcome.type === 'Stored') metrics.observeWrite(ms);
  const { durable } = engine.persistence;
  return answer(outcome, { w, durable, ms, url });
}
