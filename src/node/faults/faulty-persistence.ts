// A node's log with the faults of `PUT /faults` that act on persistence.

import { FlakyPersistence } from '../../persistence/log/flaky-persistence.ts';
import type { Persistence } from '../../persistence/persistence.ts';
import { realClock } from '../runtime/event-queue.ts';
import type { Trace } from '../story/trace.ts';
import type { Faults } from './faults.ts';

/** `faults` undefined: the node has none, and its log is the real one. */
export function withFaults(
  real: Persistence,
  faults: Faults | undefined,
  trace: Trace,
): Persistence {
  if (faults === undefined) return real;
  const flaky = new FlakyPersistence(real, {
    faults: faults.persist,
    random: () => faults.persistChance(),
    setTimer: (callback, ms) => {
      // A late answer does not keep a node that stops.
      setTimeout(callback, ms).unref();
    },
    onHit: (fault) => {
      faults.persistHit();
      trace.strikePersist(fault, realClock.now());
    },
  });
  faults.onChange(() => flaky.faultsChanged());
  return flaky;
}
