// The log itself: pages, one entry, or a stream of events (contract, section 3).

import type { LogIndex } from '../../core/ids.ts';
import { entryIndex } from '../api/entry-index.ts';
import { EntryTexts } from '../api/entry-texts.ts';
import { EventStream } from '../api/event-stream.ts';
import { committed, shownUpTo } from '../api/read-level.ts';
import { levelQuery, logQuery, type ReadLevel } from '../api/schemas.ts';
import { entryOut, logPage } from '../api/success.ts';
import { json, toResponse } from '../http/answer.ts';
import { readerOf } from '../http/answer-reader.ts';
import { type Call, header, tailOf } from '../http/call.ts';
import { acceptsStream } from '../http/media-type.ts';
import { invalid, problem, RequestRefused } from '../http/problems.ts';
import { readQuery } from '../http/query.ts';
import type { Route, Site } from '../http/route.ts';
import { jsonOf } from '../http/text-stream.ts';
import { chunksOf, entryAt, visible } from '../reading/log-reader.ts';
import type { Reader } from '../reading/reading-room.ts';

export function logRoutes(site: Site): Route[] {
  const streams = { count: 0 };
  return [
    {
      method: 'GET',
      path: '/log',
      access: 'client',
      doc: {
        id: 'readLog',
        summary: 'Entries of the log, or a stream of them',
        description:
          'With `Accept: text/event-stream`: entries as they come, from `from` on (default 1). ' +
          '`data` is the entry, `id` its index; `Last-Event-ID` resumes after that index. ' +
          'A stream has no end: `limit` is for pages and does not cut it. Where the log cannot be ' +
          'read, an event `problem` has the problem document, and the stream ends.',
        headers: { 'Last-Event-ID': 'Index of the last entry that a stream has seen.' },
        query: logQuery,
        success: [
          { status: 200, description: 'A page of the log.', schema: logPage },
          { status: 200, description: 'The stream.', contentType: 'text/event-stream' },
        ],
        problems: ['not-linearizable', 'overloaded', 'damaged-log', 'not-ready'],
      },
      handle: (call) =>
        acceptsStream(header(call, 'accept') ?? '')
          ? stream(site, call, streams)
          : page(site, call),
    },
    {
      method: 'GET',
      path: '/log/:index',
      access: 'client',
      doc: {
        id: 'readEntry',
        summary: 'One entry of the log',
        params: { index: 'Its place in the log.' },
        query: levelQuery,
        success: [{ status: 200, description: 'The entry.', schema: entryOut }],
        problems: ['not-found', 'not-linearizable', 'damaged-log', 'not-ready'],
      },
      handle: (call) => entry(site, call),
    },
  ];
}

async function page(site: Site, call: Call): Promise<Response> {
  const query = readQuery(call, logQuery);
  const upTo = await shownUpTo(site, query.read, call);
  return jsonOf(pieces(site, readerOf(site, call), query, upTo));
}

async function* pieces(
  { engine }: Site,
  reader: Reader,
  query: { readonly from?: LogIndex; readonly limit: number },
  upTo: LogIndex,
): AsyncGenerator<Buffer> {
  const { from = 1 as LogIndex, limit } = query;
  // Of the moment before the log is read: what is on a majority then stays as it is.
  const commitIndex = Math.min(committed(engine), upTo);
  const texts = new EntryTexts('entries', limit);
  yield Buffer.from('{"entries":[');
  for await (const chunk of chunksOf({ engine, reader }, from, upTo, limit + 1)) {
    yield texts.of(chunk);
    if (texts.next !== null) break;
  }
  const { next } = texts;
  yield Buffer.from(`],"lastIndex":${upTo},"commitIndex":${commitIndex},"next":${next}}`);
}

async function entry(site: Site, call: Call): Promise<Response> {
  const { read } = readQuery(call, levelQuery);
  const index = entryIndex(tailOf(call, '/log/', 'index'), 'index');
  const upTo = await shownUpTo(site, read, call);
  const there = index > 0 && index <= upTo;
  const { persistence } = site.engine;
  const found = there ? await entryAt(persistence, index, readerOf(site, call)) : null;
  if (found !== null) return toResponse(json(200, visible(found)));
  const detail = `There is no entry ${index}, up to ${upTo}, that this read may see.`;
  return toResponse(problem('not-found', detail));
}

function stream(site: Site, call: Call, streams: { count: number }): Response {
  const query = readQuery(call, logQuery);
  // An empty one is that of a client which has seen no event (HTML, section 9.2).
  const last = header(call, 'last-event-id') || null;
  const resumed = last === null ? null : entryIndex(last, 'Last-Event-ID') + 1;
  const from = (resumed ?? query.from ?? 1) as LogIndex;
  const level = streamLevel(query.read);
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
  if (call.req.method === 'HEAD') return new Response(null, { headers });
  if (streams.count >= site.streamsMax) {
    return toResponse(problem('overloaded', `${site.streamsMax} streams are open already.`));
  }
  streams.count += 1;
  const onEnd = (): void => {
    streams.count -= 1;
  };
  const reader = readerOf(site, call);
  return new Response(new EventStream(site, { from, level, reader, onEnd }).body(), { headers });
}

function streamLevel(level: ReadLevel): 'local' | 'majority' {
  if (level !== 'linearizable') return level;
  const message = 'a stream is local or majority: it has no moment at which to be linearizable';
  throw new RequestRefused(invalid([{ path: 'read', message }]));
}
