// The whole log as one file to keep (docs/backup.md): streamed from the disk as fast as the client
// reads, with what only replicas see, so that a cluster made of it knows its idempotency keys.

import type { LogIndex } from '../../core/ids.ts';
import { BackupWriter } from '../../persistence/backup/backup.ts';
import { shownUpTo } from '../api/read-level.ts';
import { levelQuery } from '../api/schemas.ts';
import { readerOf } from '../http/answer-reader.ts';
import type { Call } from '../http/call.ts';
import { readQuery } from '../http/query.ts';
import type { Route, Site } from '../http/route.ts';
import { bodyOf } from '../http/text-stream.ts';
import { imageOf } from '../reading/log-reader.ts';
import type { Reader } from '../reading/reading-room.ts';

export function backupRoutes(site: Site): Route[] {
  return [
    {
      method: 'GET',
      path: '/backup',
      access: 'client',
      doc: {
        id: 'readBackup',
        summary: 'The whole log, as a file for `replog restore`',
        description:
          'Lines of JSON: what this is, the entries up to where the log ended when the request ' +
          'came, and a last line with their number and the SHA-256 of everything before it. ' +
          'Without that last line it is not whole. Meanwhile nothing is compacted; whoever reads ' +
          'nothing for ten minutes, or for ten seconds where others wait for memory, is cut off.',
        query: levelQuery,
        success: [{ status: 200, description: 'The backup.', contentType: 'application/jsonl' }],
        problems: ['not-linearizable', 'damaged-log', 'not-ready'],
      },
      handle: (call) => backup(site, call),
    },
  ];
}

async function backup(site: Site, call: Call): Promise<Response> {
  const { read } = readQuery(call, levelQuery);
  const upTo = await shownUpTo(site, read, call);
  const body = await bodyOf(pieces(site, readerOf(site, call), upTo));
  return new Response(body, { headers: { 'content-type': 'application/jsonl' } });
}

async function* pieces(
  { engine, clock }: Site,
  reader: Reader,
  upTo: LogIndex,
): AsyncGenerator<Buffer> {
  const writer = new BackupWriter();
  const head = { at: clock.iso(), node: engine.status().node, lastIndex: upTo };
  let text = writer.head(head);
  for await (const chunk of imageOf({ engine, reader }, clock, upTo)) {
    const lines = chunk.entries().map((entry) => writer.entry(entry));
    yield Buffer.from(text + lines.join(''));
    text = '';
  }
  yield Buffer.from(text + writer.end());
}
