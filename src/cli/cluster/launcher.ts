// The launcher of the cluster that a command means: the process behind the control routes.

import type { ClusterReport } from '../../client/answers.ts';
import type { ReplogClient } from '../../client/client.ts';
import { ProblemError } from '../../client/problems.ts';
import { NotRunning, START, UsageError } from '../exit.ts';
import { connect, type Target } from './target.ts';

/** What a command comes to that was meant for single nodes. */
const WHERE_THEY_RUN = 'single nodes are started and ended where they run';

export interface FindOptions {
  /** Of the command: it is heard while the launcher is looked for, too. */
  readonly signal: AbortSignal;
  /** How long its answers may take. */
  readonly answerMs?: number;
  /** What is done instead to single nodes, which have no launcher. */
  readonly single?: string;
}

/** A client for the control routes, and what the cluster consists of. A URL that no known cluster
 * uses may be a launcher's own. Throws NotRunning, UsageError, and whatever the client throws. */
export async function findLauncher(
  target: Target,
  { signal, answerMs, single = WHERE_THEY_RUN }: FindOptions,
): Promise<{ launcher: ReplogClient; report: ClusterReport }> {
  if (target.control === null && !target.named) {
    throw new NotRunning(
      'no cluster that `replog cluster` has started is running',
      `${START}; ${single}`,
    );
  }
  const launcher = await connect(target, target.control ?? target.url, answerMs);
  try {
    return { launcher, report: await launcher.cluster({ signal }) };
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'not-found') throw error;
    throw new UsageError(
      `${launcher.url} is not the launcher of a cluster`,
      'leave out --url and REPLOG_URL, or give the control URL that `replog cluster` prints; ' +
        single,
    );
  }
}
