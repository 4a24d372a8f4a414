// Runs a server as this process: says where it listens, and puts what stops it from starting into a
// sentence.

import type { Listening, Service } from '../cluster/service.ts';
import { DamagedLog, FolderInUse, UnknownFormat } from '../persistence/persistence.ts';
import { cleanJson, cleanText } from './clean-text.ts';
import { Refused, UsageError } from './exit.ts';
import type { ServerSettings } from './server-options.ts';

/** Serves until it is told to stop. `what` names the server in the plain line. */
export async function serve(
  what: string,
  settings: ServerSettings,
  flags: { readonly json?: boolean; readonly leave?: boolean },
  start: () => Promise<Service>,
): Promise<void> {
  const { runService } = await import('../cluster/service.ts');
  const show = (listening: Listening) => {
    const line = flags.json ? cleanJson(listening) : sentence(what, listening, settings);
    process.stdout.write(`${line}\n`);
  };
  try {
    await runService({ start, onListening: show, leave: flags.leave ?? false });
  } catch (error) {
    throw startProblem(error, settings);
  }
}

function sentence(what: string, { url, pid }: Listening, { dataDir }: ServerSettings): string {
  const data = dataDir === null ? 'data in memory only' : `data in ${cleanText(dataDir)}`;
  return `${what} listens at ${url} (pid ${pid}), ${data}`;
}

/** The error with a sentence and a hint, where the cause is known. */
function startProblem(error: unknown, { host, port }: ServerSettings): unknown {
  if (error instanceof FolderInUse) {
    return new Refused(error.message, 'stop that process, or choose another --data-dir');
  }
  if (error instanceof DamagedLog) {
    const hint =
      'move the folder away and start again: the node fetches everything from the others';
    return new Refused(error.message, hint);
  }
  if (error instanceof UnknownFormat) {
    return new Refused(error.message, 'use the version of replog that wrote it');
  }
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'EADDRINUSE':
      return new UsageError(`port ${port} is taken`, 'choose another --port');
    case 'EACCES':
      return new UsageError(
        `port ${port} needs more rights than this user has`,
        'use a higher one',
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UsageError(`${host} is not an address of this machine`, 'choose another --host');
    default:
      return error;
  }
}
