// `replog stop` without a node: the end of a whole cluster, launcher included, whether it runs, is
// still being started, or is being stopped by somebody else already.

import { REAL_PACE } from '../../client/pace.ts';
import type { RunningCluster } from '../../cluster/files/registry.ts';
import type { ProcessMark } from '../../cluster/process/liveness.ts';
import { NotRunning, Undecided, UsageError } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { printJson, printLine } from '../printing/output.ts';
import { findLauncher } from './launcher.ts';
import { endLeftBehind, send } from './left-behind.ts';
import {
  findTarget,
  NoSuchCluster,
  registered,
  type Target,
  type TargetOptions,
} from './target.ts';

export interface StopOptions extends TargetOptions {
  readonly json?: true;
}

/** A process of a cluster that ends when it is told to, and its cluster's name. */
interface Ending extends ProcessMark {
  readonly name: string;
}

/** How long a launcher may take to end its nodes (each has 5 s) and itself. */
const STOP_WITHIN_MS = 15_000;

/** Ends the launcher, which ends its nodes first, and says so when it is gone. */
export async function stopCluster(options: StopOptions): Promise<void> {
  if (options.url === undefined && (await stopLeftBehind(options))) return;
  // In the order of a cluster's life: one that goes on to the next stage meanwhile is met there.
  const starting = await startingOf(options);
  const target = await findTarget(options).catch((error: unknown) => {
    if (error instanceof NoSuchCluster) return error;
    throw error;
  });
  const cluster = target instanceof NoSuchCluster ? null : target.cluster;
  if (cluster !== null) return stopRunning(cluster, options);
  if (target instanceof NoSuchCluster || !target.named) {
    const { stoppingClusters } = await import('../../cluster/files/registry.ts');
    const stopping = stoppingClusters().filter(isMeant(options));
    for (const { pid } of starting) send(pid, 'SIGTERM');
    const ends = [...starting, ...stopping];
    if (ends.length > 0) return waitFor(ends, options);
  }
  if (target instanceof NoSuchCluster) throw target;
  throw await nothingToStop(target);
}

/** Ends what killed launchers have left behind; whether that was all there was. */
async function stopLeftBehind({ name, json }: StopOptions): Promise<boolean> {
  const ended = await untilInterrupted((signal) => endLeftBehind(name, json ?? false, signal));
  if (ended === 0) return false;
  return !(await registered()).some((cluster) => name === undefined || cluster.name === name);
}

const isMeant =
  ({ name }: StopOptions) =>
  (cluster: { readonly name: string }): boolean =>
    name === undefined || cluster.name === name;

/** What of a cluster that is being started can be told to end: its launcher, and who waits for that
 * one in the foreground. Throws UsageError where it is not said which of several is meant. */
async function startingOf(options: StopOptions): Promise<Ending[]> {
  const { startingClusters } = await import('../../cluster/files/claim.ts');
  const starting = startingClusters().filter(isMeant(options));
  const names = new Set(starting.map(({ name }) => name));
  if (names.size > 1 && (await registered()).length === 0) {
    throw new UsageError(
      `several clusters are being started: ${[...names].join(', ')}`,
      'choose one with --name',
    );
  }
  return starting;
}

async function stopRunning({ name, pid }: RunningCluster, options: StopOptions): Promise<void> {
  const { markOf } = await import('../../cluster/process/liveness.ts');
  const launcher = { name, ...markOf(pid) };
  send(pid, 'SIGTERM');
  await waitFor([launcher], options);
}

/** Resolves when they have ended, and says so. Rejects with Undecided where they take too long. */
async function waitFor(ends: readonly Ending[], { json }: StopOptions): Promise<void> {
  const { isAlive } = await import('../../cluster/process/liveness.ts');
  await untilInterrupted(async (signal) => {
    const startedAt = REAL_PACE.now();
    // It is not to be found any more while it still ends its nodes: ports and folder are free when
    // its process is gone.
    for (;;) {
      const left = ends.find(isAlive);
      if (left === undefined) return;
      if (signal.aborted || REAL_PACE.now() - startedAt > STOP_WITHIN_MS) throw notYet(left);
      await REAL_PACE.pause(50, signal);
    }
  });
  // Of two processes of one cluster the launcher is the later one.
  for (const { name, pid } of new Map(ends.map((end) => [end.name, end])).values()) {
    await (json
      ? printJson({ name, pid, state: 'stopped' })
      : printLine(cleanText(`${name} stopped`)));
  }
}

const notYet = ({ name, pid }: Ending): Undecided =>
  new Undecided(
    `the cluster "${name}" was told to stop, and has not yet`,
    `\`kill -9 ${pid}\` ends it and its nodes at once`,
  );

/** Why there is nothing to stop. Rejects with what the client throws where nothing answers. */
async function nothingToStop(target: Target): Promise<NotRunning | UsageError> {
  if (!target.named) return new NotRunning('no cluster is running on this machine');
  // Where nothing answers there is nothing to stop, here or anywhere.
  await untilInterrupted((signal) => findLauncher(target, { signal }));
  return new UsageError(
    `the launcher of ${target.url} is not on this machine`,
    'name a node, or stop the launcher where it runs',
  );
}
