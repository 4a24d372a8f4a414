// Messages: append one, append many, list them (contract, section 3).

import type { Outcome } from '../../core/effects.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { Operation } from '../../core/operation.ts';
import { readAppend, readBatch } from '../api/append-reader.ts';
import { EntryTexts } from '../api/entry-texts.ts';
import { type Asked, batchAnswer, messageAnswer } from '../api/outcomes.ts';
import { shownUpTo } from '../api/read-level.ts';
import { appendBody, batchBody, messagesQuery } from '../api/schemas.ts';
import { appended, batchAppended, messageList } from '../api/success.ts';
import { write } from '../api/write.ts';
import type { Answer } from '../http/answer.ts';
import { readerOf } from '../http/answer-reader.ts';
import { BATCH_LIMIT, BODY_LIMIT, readJson } from '../http/body.ts';
import { type Call, header, idempotencyKey } from '../http/call.ts';
import type { ProblemCode } from '../http/problems.ts';
import { readQuery } from '../http/query.ts';
import type { Route, Site } from '../http/route.ts';
import { jsonOf } from '../http/text-stream.ts';
import { chunksOf } from '../reading/log-reader.ts';
import type { Reader } from '../reading/reading-room.ts';

/** How any write can be refused. */
export const WRITE_PROBLEMS: readonly ProblemCode[] = [
  'not-master',
  'unsupported-media-type',
  'too-large',
  'write-concern-unsatisfiable',
  'idempotency-key-reused',
  'no-quorum',
  'no-master',
  'recovering',
  'overloaded',
  'storage-unavailable',
  'shutting-down',
];

export const IDEMPOTENCY_HEADER = {
  'Idempotency-Key': '1–128 printable ASCII characters: a repeat with it appends nothing.',
};

const PREFER_HEADER = {
  Prefer: '`receipt`: the answer says in a sentence what the acknowledgement survives.',
};

export function messageRoutes(site: Site): Route[] {
  return [
    {
      method: 'POST',
      path: '/messages',
      access: 'client',
      doc: {
        id: 'appendMessage',
        summary: 'Append a message',
        description:
          'Answered once `w` nodes have it. A known Idempotency-Key gets 200 and the first index.',
        headers: { ...IDEMPOTENCY_HEADER, ...PREFER_HEADER },
        body: { schema: appendBody },
        success: [
          { status: 201, description: 'Stored.', schema: appended },
          { status: 200, description: 'It was there already.', schema: appended },
        ],
        problems: [...WRITE_PROBLEMS, 'write-concern-timeout'],
      },
      direct: true,
      handle: (call) => append(site, call),
    },
    {
      method: 'POST',
      path: '/messages/batch',
      access: 'client',
      doc: {
        id: 'appendBatch',
        summary: 'Append many messages, all or nothing',
        description: 'They get contiguous indexes. The body may be 16 MiB.',
        headers: { ...IDEMPOTENCY_HEADER, ...PREFER_HEADER },
        body: { schema: batchBody },
        success: [
          { status: 201, description: 'Stored.', schema: batchAppended },
          { status: 200, description: 'They were there already.', schema: batchAppended },
        ],
        problems: [...WRITE_PROBLEMS, 'write-concern-timeout'],
      },
      direct: true,
      handle: (call) => appendBatch(site, call),
    },
    {
      method: 'GET',
      path: '/messages',
      access: 'client',
      doc: {
        id: 'listMessages',
        summary: 'Every message, in log order',
        description: 'Without `limit` all of them, streamed. `from` is an index of the log.',
        query: messagesQuery,
        success: [{ status: 200, description: 'The messages.', schema: messageList }],
        problems: ['not-linearizable', 'damaged-log', 'not-ready'],
      },
      handle: (call) => list(site, call),
    },
  ];
}

type AnswerTo = (outcome: Outcome, asked: Asked) => Answer;

/** Adds `receipt` to the answer for clients that ask for it: all others pay for one look. */
function withReceipt(site: Site, call: Call, answer: AnswerTo): AnswerTo {
  if (!prefersReceipt(header(call, 'prefer'))) return answer;
  return (outcome, asked) => {
    const status = site.engine.status();
    const leads = status.role === 'master';
    const size = leads ? status.quorum.size : 1;
    const failover = leads && status.failover;
    return answer(outcome, { ...asked, size, inMemory: site.engine.inMemory, failover });
  };
}

/** Among all that the client prefers; case does not count (RFC 7240). */
function prefersReceipt(preferred: string | undefined): boolean {
  if (preferred === undefined) return false;
  return preferred.split(',').some((one) => one.trim().toLowerCase() === 'receipt');
}

async function append(site: Site, call: Call): Promise<Answer> {
  const key = idempotencyKey(call);
  const { message, w, timeoutMs } = await readJson(
    call,
    BODY_LIMIT,
    appendBody,
    undefined,
    readAppend,
  );
  const request = {
    operations: [{ op: 'append' as const, message }],
    batch: false,
    w: w ?? site.defaultW,
    timeoutMs,
    idempotencyKey: key,
  };
  return write(site, call, request, withReceipt(site, call, messageAnswer));
}

async function appendBatch(site: Site, call: Call): Promise<Answer> {
  const key = idempotencyKey(call);
  const { messages, w, timeoutMs } = await readJson(
    call,
    BATCH_LIMIT,
    batchBody,
    undefined,
    readBatch,
  );
  const operations = messages.map((message): Operation => ({ op: 'append', message }));
  const request = {
    operations,
    batch: true,
    w: w ?? site.defaultW,
    timeoutMs,
    idempotencyKey: key,
  };
  return write(site, call, request, withReceipt(site, call, batchAnswer));
}

async function list(site: Site, call: Call): Promise<Response> {
  const query = readQuery(call, messagesQuery);
  const upTo = await shownUpTo(site, query.read, call);
  return jsonOf(pieces(site, readerOf(site, call), query, upTo));
}

/** The text of the answer. `next` is there if a page was asked for, and is a message's index. */
async function* pieces(
  { engine }: Site,
  reader: Reader,
  query: { readonly from?: LogIndex; readonly limit?: number },
  upTo: LogIndex,
): AsyncGenerator<Buffer> {
  const { from = 1 as LogIndex, limit = Number.POSITIVE_INFINITY } = query;
  const paged = query.from !== undefined || query.limit !== undefined;
  const texts = new EntryTexts('messages', limit);
  yield Buffer.from('{"messages":[');
  for await (const chunk of chunksOf({ engine, reader }, from, upTo, limit + 1)) {
    yield texts.of(chunk);
    if (texts.next !== null) break;
  }
  yield Buffer.from(`],"lastIndex":${upTo}${paged ? `,"next":${texts.next}` : ''}}`);
}
