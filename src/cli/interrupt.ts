// Ctrl-C and SIGTERM for commands that wait: the first one asks, the second one ends the process.

import { Interrupted } from './exit.ts';

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
