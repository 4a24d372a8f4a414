// Why a cluster could not start, as `replog cluster` puts it: a sentence, a hint and an exit code.

import { join } from 'node:path';
import type { ClusterRuns } from '../../cluster/files/claim.ts';
import type { RunFolderUnusable } from '../../cluster/files/registry.ts';
import type { PortTaken } from '../../cluster/start/ports.ts';
import { unusableFolder } from '../arguments/data-dir.ts';
import { pathProblem } from '../arguments/path-problem.ts';
import { Refused, UsageError } from '../exit.ts';

/** Told to make a folder, the system says of a file that it is there. */
const wordsFor = (code: string | undefined): string | undefined =>
  code === 'EEXIST' ? 'it is a file' : pathProblem(code);

/** Whoever has not set the folder learns here that there is one. */
function unusableRunFolder({ folder, cause }: RunFolderUnusable): UsageError {
  const { code, message } = (cause ?? {}) as NodeJS.ErrnoException;
  const reason = cause === undefined ? 'it belongs to another user' : wordsFor(code);
  return new UsageError(
    `the cluster could not be found through ${folder}: ${reason ?? message}`,
    'name a folder of your own in REPLOG_RUN_DIR, here and for the commands that are to find it',
  );
}

/** One that is still starting is not found by its name. */
function anotherOne({ running, isStarting }: ClusterRuns): string {
  const another = '--name and --port start another';
  return isStarting ? another : `\`replog stop --name ${running}\` ends it; ${another}`;
}

/** The error with a sentence, a hint and the right exit code, where the cause is known. */
export function startProblem(error: unknown, dataDir: string | null): unknown {
  if (!(error instanceof Error)) return error;
  // Before what is looked for in its cause: that is about another folder than the data's.
  if (error.name === 'RunFolderUnusable') return unusableRunFolder(error as RunFolderUnusable);
  const unusable = unusableFolder(error, dataDir);
  if (unusable !== null) return unusable;
  switch (error.name) {
    case 'PortTaken': {
      const { orphan, forbidden } = error as PortTaken;
      if (forbidden) return new UsageError(error.message, 'choose a higher --port');
      const end = orphan === null ? 'stop what listens there' : '`replog stop` ends that node';
      return new UsageError(error.message, `choose another --port, or ${end}`);
    }
    case 'RangeError':
      return new UsageError(error.message, 'choose other numbers for --port, --secondaries or --w');
    case 'ClusterRuns':
      return new Refused(error.message, anotherOne(error as ClusterRuns));
    case 'ForeignFolder':
    case 'ForeignUse':
      return new UsageError(
        error.message,
        'choose another --data-dir; `replog verify` says what is in this one',
      );
    case 'DamagedRoster':
      return new Refused(
        error.message,
        'remove that file and give --secondaries as before: n1, n2, … find their data again',
      );
    case 'DamagedLog':
      // Of the nodes' own folders they tell themselves.
      return new Refused(
        `${error.message}, in the folder ${join(dataDir ?? '', 'arbiter')}`,
        'remove that folder: what an arbiter remembers, the nodes can tell a new one',
      );
    case 'FolderInUse':
      return new Refused(error.message, 'stop that process, or choose another --data-dir');
    case 'ChildFailed':
    case 'NotReady':
      return new Refused(error.message, 'the lines of the nodes say why');
    default:
      return error;
  }
}
