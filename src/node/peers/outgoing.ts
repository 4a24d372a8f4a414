// How what the machine orders to be sent leaves this node. The rule: a Snapshot carries what stands
// in the log when it was ordered, and whatever keeps it here is told from a failure over there.

import {
  ASIDE,
  type Fetch,
  type LogPoint,
  type RequestOrder,
  type Response,
} from '../../core/messages.ts';
import { type Chunk, DamagedLog } from '../../persistence/persistence.ts';
import type { Excerpt } from '../../persistence/record/excerpt.ts';
import type { LogExcerpts } from './log-excerpts.ts';

/** How requests leave this node. */
export interface Outgoing {
  /** Resolves with the peer's answer; rejects with a reason for people if none came. `chunk` and
   * `prev` belong to Snapshots: the updates, and what stands before them. */
  send(
    to: string,
    request: RequestOrder,
    chunk: Chunk | null,
    prev: LogPoint | null,
  ): Promise<Response>;
}

/** Sends what was ordered; what this node asks of the files beside its own log is answered here.
 * Rejects as `send` does, or where a Snapshot cannot be read. */
export function transmit(
  outgoing: Outgoing,
  excerpts: LogExcerpts,
  to: string,
  request: RequestOrder,
): Promise<Response> {
  if (to === ASIDE) return excerpts.aside(request as Fetch);
  if (request.type !== 'Snapshot') return outgoing.send(to, request, null, null);
  try {
    const found = excerpts.snapshot(request);
    const send = ({ chunk, prev }: Excerpt): Promise<Response> =>
      outgoing.send(to, request, chunk, prev);
    return found instanceof Promise ? found.then(send) : send(found);
  } catch (error) {
    // The log was cut back after the Snapshot was ordered.
    return Promise.reject(error);
  }
}

/** Why no answer came, for people. What could not be read here is not to be taken for a failure of
 * the other node. */
export function whyUnanswered(reason: unknown): string {
  if (reason instanceof DamagedLog) return `not sent: this master has ${reason.message}`;
  return reason instanceof Error ? reason.message : String(reason);
}
