// A tiny process that gives the terminal back if this one cannot: it waits for its pipe to close,
// as it does when this process is killed, and then leaves the alternate screen and the raw mode.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Restorer {
  /** From now on there is something to restore. */
  arm(): void;
  /** The terminal was given back in order: there is nothing left to do. */
  dismiss(): void;
}

// Descriptor 3 is the terminal. What was set before is read first, and told by a line; on a busy
// machine nobody may be listening any more, which must not end the shell. Then a line says that the
// terminal is taken, and the end of the pipe that whoever took it is gone. Taken before the shell
// was ready, it may have read what the dashboard had set: no settings to go back to. The settings
// go before the screen: what somebody types who sees it again must not be read raw.
const SCRIPT = `
trap '' PIPE
before=$(stty -g <&3)
echo ready
read -r taken || exit
read -r gone
if [ "$taken" = early ]; then stty sane <&3; else stty "$before" <&3; fi
printf '\\033[0m\\033[?1049l\\033[?25h' >&3
`;

/** A shell takes some milliseconds; the dashboard opens without waiting longer for one. */
const START_MS = 500;

/** Starts it; resolves when it watches, or with one that does nothing where that is impossible.
 * To be called before the terminal is changed, well before if there is time. `terminal`: a
 * descriptor open for both ways. */
export async function watchTerminal(terminal: number): Promise<Restorer> {
  const child = spawn('/bin/sh', ['-c', SCRIPT], {
    // In a session of its own: what ends this process's group must not end it too.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', terminal],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  });
  const gone = new Promise<'gone'>((resolve) => {
    child.once('error', () => resolve('gone'));
    child.once('exit', () => resolve('gone'));
  });
  const patience = new Promise<'late'>((resolve) => {
    setTimeout(() => resolve('late'), START_MS).unref();
  });
  const { stdin, stdout } = child;
  // The pipe breaks when the child ends first, which is no matter.
  stdin?.on('error', () => undefined);
  const heard = stdout === null ? gone : Promise.race([once(stdout, 'data'), gone, patience]);
  const late = (await heard) === 'late';
  child.unref();
  (stdin as { unref?: () => void } | null)?.unref?.();
  stdout?.destroy();
  return {
    arm: () => {
      stdin?.write(late ? 'early\n' : 'in time\n');
    },
    // At once, even in a process that is about to end: restoring twice would move the cursor.
    dismiss: () => {
      child.kill('SIGKILL');
    },
  };
}
