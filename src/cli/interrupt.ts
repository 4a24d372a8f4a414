// Ctrl-C and SIGTERM for commands that wait: the first one asks, the second one ends the process.

import { Interrupted } from './exit.ts';

/** As untilInterrupted, for work that ends in order when the signal aborts; SIGHUP is one more. */
export async function untilLeft<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const hangUp = () => process.emit('SIGTERM');
  process.once('SIGHUP', hangUp);
  try {
    return await untilInterrupted(work);
  } finally {
    process.off('SIGHUP', hangUp);
  }
}

/** Runs `work` with a signal that aborts, with Interrupted, on the first SIGINT or SIGTERM. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = () => controller.abort(new Interrupted());
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
