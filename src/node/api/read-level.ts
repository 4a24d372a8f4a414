// How much of the log a read may see: everything this node shows, only what is on a majority, or
// all of it after the node has proved that it is the master (contract, section 3, `?read=`).

import type { Outcome } from '../../core/effects.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { Clock } from '../clock.ts';
import type { Call } from '../http/call.ts';
import { problem, RequestRefused } from '../http/problems.ts';
import type { Site } from '../http/route.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ReadLevel } from './schemas.ts';

/** For so long a read waits to hear what is on a majority: a master that lives says it at least
 * every 500 ms, one that starts is settled in less than this, most often. */
const UNKNOWN_MS = 2_000;

/** The index up to which this read may see the log. Throws RequestRefused (503) if a linearizable
 * read cannot be proved current, or if nobody says what is on a majority. */
export function shownUpTo(
  { engine, clock }: Pick<Site, 'engine' | 'clock'>,
  level: ReadLevel,
  call: Call,
): LogIndex | Promise<LogIndex> {
  switch (level) {
    case 'local':
      return engine.persistence.lastIndex;
    case 'majority':
      return engine.status().commitKnown ? committed(engine) : heard(engine, clock);
    case 'linearizable':
      return proved(engine, call);
  }
}

/** Highest index that this node knows to be on a majority. It can be shown: the machine commits
 * nothing beyond its log, and what that is told to append is stored in the same turn. */
export function committed(engine: Engine): LogIndex {
  return engine.status().commitIndex;
}

/** The commit index, once it is known. "Nothing", or "no such key", would be wrong until then. */
async function heard(engine: Engine, clock: Clock): Promise<LogIndex> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stopListening();
      stopTimer();
      resolve();
    };
    const stopListening = engine.onProgress(() => {
      if (engine.status().commitKnown) done();
    });
    const stopTimer = clock.after(UNKNOWN_MS, done);
  });
  if (engine.status().commitKnown) return committed(engine);
  const detail =
    'Since this node started no master has said what of the log is on a majority; ' +
    'read=local shows all that this node has.';
  throw new RequestRefused(problem('not-ready', detail));
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
