// Ctrl-C, SIGTERM and SIGHUP for commands that wait: the first one asks, the second one ends the
// process.

import { Interrupted } from './exit.ts';
import { hurryReader } from './output.ts';

/** SIGHUP: the terminal is gone. What was sent and has no answer is worth as much a word then. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `work` with a signal that aborts, with Interrupted, on the first of these signals. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = () => {
    hurryReader();
    controller.abort(new Interrupted());
  };
  for (const name of SIGNALS) process.once(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
