// A paused process cannot notice that its launcher is gone, and would stay for ever. So each pause
// has a guard: a shell that waits on a pipe from the launcher and wakes the process when it breaks.

import { spawn } from 'node:child_process';

/** Watches one pause. */
export interface PauseGuard {
  /** The pause is over: the guard ends without doing anything. */
  dismiss(): void;
}

/** Signals of a terminal reach the guard too, and must not end it before it has done its work. */
const SCRIPT = 'trap "" INT TERM HUP; read -r _; kill -CONT "$0"';

/** Sends SIGCONT to `pid` when this process ends in any way, SIGKILL included. */
export function guardPause(pid: number): PauseGuard {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is no guard; the pause itself works all the same.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return { dismiss: () => void shell.kill('SIGKILL') };
}
