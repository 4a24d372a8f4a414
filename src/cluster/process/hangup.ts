// What SIGHUP means. The rule: where the terminal is gone, the end. Sent by hand to a process that
// has a file to read again: read it, as any daemon does.

import { closeSync, constants, openSync } from 'node:fs';

/** What to do on SIGHUP: `reread`, unless a terminal that was there is gone; without one to call,
 * always `stop`. */
export function onHangup(
  reread: (() => void) | undefined,
  stop: () => void,
  atTerminal: () => boolean = hasTerminal,
): () => void {
  if (reread === undefined) return stop;
  const hadTerminal = atTerminal();
  return () => {
    if (hadTerminal && !atTerminal()) stop();
    else reread();
  };
}

/** Whether this process has a terminal that can end it, wherever its output goes. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY));
    return true;
  } catch {
    // It never had one, or that one was hung up.
    return false;
  }
}
