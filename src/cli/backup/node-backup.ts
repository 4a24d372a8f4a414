// A backup of a running node: what `GET /backup` streams, checked as it comes.

import { UnexpectedAnswer, Unreachable } from '../../client/errors.ts';
import { problemOf } from '../../client/problems.ts';
import { InvalidBackup } from '../../persistence/backup/backup.ts';
import type { BackupPlace } from '../arguments/backup-place.ts';
import { Refused } from '../exit.ts';
import { formatBytes } from '../printing/bytes.ts';
import { Progress } from '../printing/progress.ts';
import { type Written, writeBackup } from './backup-file.ts';

/** Rejects with Unreachable, a ProblemError, or Refused if the stream ended before its end. */
export async function backupNode(
  url: string,
  place: BackupPlace,
  { token, signal }: { readonly token: string | undefined; readonly signal: AbortSignal },
): Promise<Written> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/backup`, { headers, signal, redirect: 'error' }).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      throw new Unreachable(url, error);
    },
  );
  if (answer.status !== 200 || answer.body === null) {
    const problem = problemOf(answer.status, await answer.json().catch(() => null), null, url);
    throw problem ?? new UnexpectedAnswer(url, answer.status, 'no backup');
  }
  const body = answer.body;
  const progress = new Progress(null);
  try {
    return await writeBackup(place, async (target) => {
      for await (const bytes of portionsOf(body, signal)) {
        target.write(bytes);
        progress.update(target.bytes, `${formatBytes(target.bytes)} read`);
      }
    });
  } catch (error) {
    if (!(error instanceof InvalidBackup)) throw error;
    throw new Refused(`${url} sent no whole backup: ${error.message}`, 'try again');
  } finally {
    progress.finish();
  }
}

async function* portionsOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of body) {
      yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new InvalidBackup(`the connection broke (${(error as Error).message})`);
  }
}
