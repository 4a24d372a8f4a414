// Why a cluster could not start, as `replog cluster` puts it: a sentence, a hint and an exit code.

import { join } from 'node:path';
import type { ClusterRuns } from '../../cluster/launch.ts';
import type { PortTaken } from '../../cluster/ports.ts';
import { unusableFolder } from '../arguments/data-dir.ts';
import { Refused, UsageError } from '../exit.ts';

/** The error with a sentence, a hint and the right exit code, where the cause is known. */
export function startProblem(error: unknown, dataDir: string | null): unknown {
  if (!(error instanceof Error)) return error;
  const unusable = unusableFolder(error, dataDir);
  if (unusable !== null) return unusable;
  switch (error.name) {
    case 'PortTaken': {
      const { orphan } = error as PortTaken;
      const end = orphan === null ? 'stop what listens there' : '`replog stop` ends that node';
      return new UsageError(error.message, `choose another --port, or ${end}`);
    }
    case 'RangeError':
      return new UsageError(error.message, 'choose other numbers for --port, --secondaries or --w');
    case 'ClusterRuns':
      return new Refused(
        error.message,
        `\`replog stop --name ${(error as ClusterRuns).running}\` ends it;` +
          ' --name and --port start another',
      );
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
