// Ctrl-C, SIGTERM and SIGHUP for commands that wait: the first one asks, the second one ends the
// process.

import { Interrupted } from './exit.ts';
import { hurryReader } from './printing/output.ts';
import { canDrawOver } from './printing/screenful.ts';

/** SIGHUP: the terminal is gone. What was sent and has no answer is worth as much a word then. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `work` with a signal that aborts, with Interrupted, on the first of these signals. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stopListening = () => {
    for (const name of SIGNALS) process.off(name, onSignal);
  };
  const onSignal = (name: NodeJS.Signals) => {
    if (name === 'SIGINT') clearEcho();
    hurryReader();
    controller.abort(new Interrupted(name));
    // Not before all others have heard the signal: Ink's own listener ends the process at once,
    // and with it what is left to say, where nobody else seems to listen.
    queueMicrotask(stopListening);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    stopListening();
  }
}

/** A terminal shows Ctrl-C as `^C`: what is said next, or the shell's prompt, begins a line. All
 * that is printed are whole lines, so nothing else stands there but a progress bar. */
export function clearEcho(
  screen: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): void {
  if (screen.isTTY) screen.write(canDrawOver(screen, env) ? '\r\u001b[K' : '\n');
}
