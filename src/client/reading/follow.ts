// The log as it grows: `GET /log` as server-sent events, kept open across broken connections.
//
// Entries come in log order, each once: after a break the stream resumes at the last one seen. That
// it is still there is what shows that the log is the one that was followed so far: a master that
// came back without its disk may have another one, longer or shorter.

import { isDeepStrictEqual } from 'node:util';
import { createParser } from 'eventsource-parser';
import type { Health, LogEntry } from '../answers.ts';
import { LogReplaced, UnexpectedAnswer, Unreachable } from '../errors.ts';
import { gapAfter, type Pace } from '../pace.ts';
import { ProblemError, problemOf } from '../problems.ts';
import { type Call, ConnectionFailure, isSuccess, type Link, retryAfterOf } from '../wire/link.ts';
import { Vigil } from '../wire/vigil.ts';
import { type Answer, WireFailure } from '../wire/wire.ts';

export interface FollowOptions {
  /** Index to begin at; default 1. */
  readonly from?: number | undefined;
  /** Ends the iteration when it aborts; that is no error. */
  readonly signal?: AbortSignal | undefined;
  /** How long a connection may bring nothing at all before it counts as broken, in milliseconds:
   * where a machine or a network is gone, nobody says so. Default 45,000, in which a node says
   * three times that it is still there. */
  readonly silenceMs?: number | undefined;
}

const SILENCE_MS = 45_000;

/** A single entry can be as large as a request body, escaped; more than this is no entry. */
const EVENT_CHARACTERS_MAX = 64 << 20;

/**
 * Throws Unreachable or ProblemError if the first connection fails, or brings nothing but a
 * problem, or the node refuses (4xx); later breaks are mended, with growing gaps, until the signal
 * aborts. Throws LogReplaced if the log does not hold any more what was seen of it last, and
 * UnexpectedAnswer if what comes is no log at all.
 */
export async function* follow(
  link: Link,
  base: string,
  options: FollowOptions,
  pace: Pace,
): AsyncGenerator<LogEntry, void, void> {
  const { signal, from = 1, silenceMs = SILENCE_MS } = options;
  let last: LogEntry | null = null;
  let opened = false;
  let failures = 0;
  while (!signal?.aborted) {
    // Ends the request also when the consumer leaves the loop early.
    const connection = new AbortController();
    const both = signal ? AbortSignal.any([signal, connection.signal]) : connection.signal;
    const vigil = new Vigil(base, silenceMs, connection);
    try {
      if (last !== null) await vigil.over(mustReach(link, base, last.index, both));
      const opening = open(link, base, last?.index ?? from, opened, both);
      const response = await vigil.over(opening);
      opened = true;
      for await (const entry of entriesOf(base, response, vigil)) {
        failures = 0;
        if (entry.index < (last?.index ?? from)) continue;
        if (last !== null && differs(entry, last)) throw new LogReplaced(base, last.index);
        if (entry.index === last?.index) continue;
        last = entry;
        yield entry;
        // More of them may have come together with this one.
        if (signal?.aborted) return;
      }
    } catch (error) {
      if (signal?.aborted) return;
      const first = !opened || (last === null && failures === 0 && error instanceof ProblemError);
      if (first || !isBreak(error)) throw isFailure(error) ? new Unreachable(base, error) : error;
    } finally {
      connection.abort();
    }
    failures += 1;
    await pace.pause(gapAfter(failures, pace.random), signal);
  }
}

/** Whether both cannot be of one log: epochs never fall along it. What was seen last may have been
 * compacted away, and the log be another one all the same. */
function differs(entry: LogEntry, last: LogEntry): boolean {
  return entry.index === last.index ? !isDeepStrictEqual(entry, last) : entry.epoch < last.epoch;
}

/** Throws LogReplaced if the node is the master of a log that ends before `index`: what was seen
 * there will not come, and a stream from there would be silent until another entry has its place.
 * A secondary that ends before it, or a master that takes no writes yet, may still get it. */
async function mustReach(
  link: Link,
  base: string,
  index: number,
  signal: AbortSignal,
): Promise<void> {
  const { body } = await link.send(base, { method: 'GET', path: '/health', signal });
  // Whatever else answers there is judged by the stream.
  const health = body as Health | undefined;
  if (health?.role !== 'master' || health.lastIndex >= index) return;
  if (health.mode === 'read-write') throw new LogReplaced(base, index);
  const cause = new Error(`the log ends before entry ${index}, and the master takes no writes`);
  throw new ConnectionFailure(base, cause, true);
}

async function open(
  link: Link,
  base: string,
  from: number,
  resumed: boolean,
  signal: AbortSignal,
): Promise<Answer> {
  const call: Call = {
    method: 'GET',
    path: '/log',
    search: { from },
    headers: {
      accept: 'text/event-stream',
      ...(resumed && from > 1 ? { 'last-event-id': String(from - 1) } : {}),
    },
    signal,
  };
  const response = await link.open(base, call);
  const { status } = response;
  const ok = isSuccess(status);
  if (ok && /^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')) {
    return response;
  }
  const { body, headers } = await link.whole(base, call, response);
  const problem = ok ? null : problemOf(status, body, retryAfterOf(headers), base);
  throw problem ?? new UnexpectedAnswer(base, status, 'no event stream');
}

async function* entriesOf(
  base: string,
  response: Answer,
  vigil: Vigil,
): AsyncGenerator<LogEntry, void, void> {
  if (response.body === null) return;
  const arrived: string[] = [];
  let problem: Error | null = null;
  const parser = createParser({
    // Other event names may be added to the stream; an entry has none.
    onEvent: ({ data, event }) => {
      if (event === undefined) arrived.push(data);
      else if (event === 'problem') problem ??= problemIn(base, data);
    },
    maxBufferSize: EVENT_CHARACTERS_MAX,
  });
  const decoder = new TextDecoder();
  for await (const chunk of vigil.each(response.body)) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const text of arrived.splice(0)) yield entryIn(base, response, text);
    if (problem !== null) throw problem;
  }
}

/** Why the stream ends; null if that is no problem document. */
function problemIn(base: string, text: string): Error | null {
  const body = parsed(text) as { readonly status?: unknown } | null | undefined;
  const status = typeof body?.status === 'number' ? body.status : 500;
  return problemOf(status, body, null, base);
}

function entryIn(base: string, { status }: Answer, text: string): LogEntry {
  const entry = parsed(text) as Partial<LogEntry> | null | undefined;
  if (Number.isSafeInteger(entry?.index)) return entry as LogEntry;
  throw new UnexpectedAnswer(base, status, 'an event that is no entry');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether connecting again can help. */
function isBreak(error: unknown): boolean {
  if (isFailure(error)) return true;
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status >= 500;
}

/** Before the answer had begun, or within it. */
const isFailure = (error: unknown): boolean =>
  error instanceof ConnectionFailure || error instanceof WireFailure;
