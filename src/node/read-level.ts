// How much of the log a read may see: everything this node shows, only what is on a majority, or
// all of it after the node has proved that it is the master (contract, section 3, `?read=`).

import type { Outcome } from '../core/effects.ts';
import type { LogIndex } from '../core/ids.ts';
import type { Call } from './call.ts';
import type { Engine } from './engine.ts';
import { problem, RequestRefused } from './problems.ts';
import type { ReadLevel } from './schemas.ts';

/** The index up to which this read may see the log. Throws RequestRefused (503) if a linearizable
 * read cannot be proved current. */
export function shownUpTo(
  engine: Engine,
  level: ReadLevel,
  call: Call,
): LogIndex | Promise<LogIndex> {
  switch (level) {
    case 'local':
      return engine.persistence.lastIndex;
    case 'majority':
      return committed(engine);
    case 'linearizable':
      return proved(engine, call);
  }
}

/** Highest index that this node knows to be on a majority and can show. */
export function committed(engine: Engine): LogIndex {
  return Math.min(engine.status().commitIndex, engine.persistence.lastIndex) as LogIndex;
}

async function proved(engine: Engine, call: Call): Promise<LogIndex> {
  const outcome = await engine.confirm(call.req.raw.signal);
  if (outcome.type === 'Confirmed') return outcome.lastIndex;
  const status = engine.status();
  // Whoever asked the wrong node is told which one to ask, as for a write.
  const master = status.role === 'master' ? null : status.master;
  const extra = master === null ? {} : { master };
  throw new RequestRefused(problem('not-linearizable', reasonOf(outcome), extra));
}

function reasonOf(outcome: Outcome): string {
  switch (outcome.type) {
    case 'NotLinearizable':
      return outcome.reason;
    case 'NotMaster':
      return `This node is not the master; ${outcome.master.node} is.`;
    case 'NoMaster':
      return 'No master is known.';
    case 'ShuttingDown':
      return 'The node is shutting down.';
    case 'Recovering':
      return 'The master is still opening its epoch.';
    default:
      return 'The node could not prove that it is the master.';
  }
}
