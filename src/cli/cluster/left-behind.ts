// Nodes that have outlived their launcher. One that was frozen from outside (Ctrl-Z, `kill -STOP`)
// when that was killed does not notice, and keeps its port and folder.

import { REAL_PACE } from '../../client/pace.ts';
import { cleanText } from '../printing/clean-text.ts';
import { printJson, printLine } from '../printing/output.ts';

/** A node that is woken sees that its launcher has gone and ends in order: that takes 2 s. */
const ORDERLY_MS = 5_000;

/** Ends them, or those of the cluster with this name, and says so. Returns how many there were. */
export async function endLeftBehind(
  name: string | undefined,
  json: boolean,
  signal: AbortSignal,
): Promise<number> {
  const { orphans } = await import('../../cluster/files/registry.ts');
  const found = orphans().filter(({ cluster }) => name === undefined || cluster === name);
  if (found.length === 0) return 0;
  const { isAlive } = await import('../../cluster/process/liveness.ts');
  for (const orphan of found) send(orphan.pid, 'SIGCONT');
  const startedAt = REAL_PACE.now();
  while (found.some(isAlive)) {
    signal.throwIfAborted();
    if (REAL_PACE.now() - startedAt > ORDERLY_MS) {
      for (const orphan of found.filter(isAlive)) send(orphan.pid, 'SIGKILL');
    }
    await REAL_PACE.pause(50, signal);
  }
  for (const { node, pid, cluster } of found) {
    await (json
      ? printJson({ name: cluster, node, pid, state: 'stopped' })
      : printLine(cleanText(`${node} stopped  pid ${pid}, left behind by ${cluster}`)));
  }
  return found.length;
}

/** Signals a process that may have ended meanwhile. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
