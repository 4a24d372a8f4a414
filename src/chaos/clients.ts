// What clients do and hear: one request, one record. The rule: what was not heard is not known; no
// answer is ever taken for a refusal. A record ends when it is written down, which is after its
// answerer has been introduced: what others heard meanwhile stands before it.

import type { SeenEntry, WriteRecord } from '../check/history/history.ts';
import type { LogEntry } from '../client/answers.ts';
import { OutcomeUnknown, ReplogError, Unreachable } from '../client/errors.ts';
import { OperationFailed, ProblemError, WriteConcernTimeout } from '../client/problems.ts';
import type { Operation } from '../core/operation.ts';
import type { Arena } from './arena.ts';
import { concernOf } from './coverage.ts';
import type { GetOrder, LogOrder, WriteOrder } from './recording.ts';

/** Longest wait for a read: a node that stands still does not answer. */
const READ_MS = 2_000;

type Heard = Pick<WriteRecord, 'outcome'> &
  Partial<Pick<WriteRecord, 'first' | 'last' | 'acks' | 'duplicate' | 'durable' | 'code'>>;

/** Writes, waits, and records what was heard. Returns the record. */
export async function write(arena: Arena, order: WriteOrder): Promise<WriteRecord> {
  const { now, coverage } = arena;
  const call = now();
  const heard = await hear(arena, order);
  const { client, operations, idempotencyKey, w, via, timeoutMs, retryForMs } = order;
  coverage.wrote(concernOf(w, arena.size), call, now());
  const node = heard.outcome === 'ok' ? answererOf(arena, heard.acks) : via;
  if (heard.outcome === 'ok') await introduce(arena, node);
  const record: WriteRecord = {
    type: 'write',
    client,
    node,
    operations,
    idempotencyKey,
    w,
    call,
    return: now(),
    ...heard,
  };
  arena.recording.add({ ...record, order: { via, timeoutMs, retryForMs } });
  return record;
}

/** The master answers, whoever was asked. One that has taken over just now is not known yet: it
 * names itself first. */
function answererOf({ failover, master }: Arena, acks: readonly string[] = []): string {
  return failover && !acks.includes(master) ? (acks[0] ?? master) : master;
}

/** One that has taken over just now. */
async function introduce(arena: Arena, node: string): Promise<void> {
  if (arena.failover && node !== arena.master) await arena.introduce(node);
}

async function hear(arena: Arena, order: WriteOrder): Promise<Heard> {
  try {
    return await send(arena, order);
  } catch (error) {
    if (!(error instanceof ReplogError)) throw error;
    return heardOf(error, arena.base, order.operations.length);
  }
}

async function send(arena: Arena, order: WriteOrder): Promise<Heard> {
  const { operations, idempotencyKey, w, timeoutMs, via, retryForMs } = order;
  const client = arena.writerAt(via, retryForMs);
  const options = { idempotencyKey, w, timeoutMs };
  const [operation] = operations;
  if (operations.length > 1) {
    const { first, last, acks, durable, duplicate } = await client.appendBatch(
      operations.map(messageOf),
      options,
    );
    const place = { first: first - arena.base, last: last - arena.base };
    return { outcome: 'ok', ...place, acks, durable, ...repeated(duplicate) };
  }
  if (operation?.op === 'append') {
    const { index, acks, durable, duplicate } = await client.append(operation.message, options);
    return { ...stored(index - arena.base), acks, durable, ...repeated(duplicate) };
  }
  const { index, acks, duplicate } =
    operation?.op === 'put'
      ? await client.put(operation.key, operation.value, options)
      : await client.remove(operation?.key ?? '', options);
  return { ...stored(index - arena.base), acks, ...repeated(duplicate) };
}

const stored = (index: number): Heard => ({ outcome: 'ok', first: index, last: index });

const repeated = (duplicate: boolean | undefined): { duplicate?: boolean } =>
  duplicate === true ? { duplicate } : {};

const messageOf = (operation: Operation): string =>
  operation.op === 'append' ? operation.message : '';

/** What an error says of a write; only a refusal that names its reason is one. */
function heardOf(error: ReplogError, base: number, count: number): Heard {
  if (error instanceof WriteConcernTimeout || error instanceof OperationFailed) {
    const { index, acks, code } = error;
    return { outcome: 'unknown', code, acks, ...placed(index, base, count) };
  }
  if (error instanceof OutcomeUnknown) {
    return { outcome: 'unknown', code: 'unanswered', ...placed(error.index, base, count) };
  }
  if (error instanceof Unreachable) return { outcome: 'refused', code: 'unreachable' };
  if (error instanceof ProblemError) {
    const open = error.status === 500 || error.index !== null;
    const { code, index } = error;
    return { outcome: open ? 'unknown' : 'refused', code, ...placed(index, base, count) };
  }
  return { outcome: 'unknown', code: error.name };
}

function placed(index: number | null, base: number, count: number) {
  return index === null ? {} : { first: index - base, last: index - base + count - 1 };
}

/** Reads, and records what was seen. Returns the highest index that was shown; null: nothing was
 * heard, or it cannot be told from which life of the node. */
export async function read(arena: Arena, order: LogOrder | GetOrder): Promise<number | null> {
  const life = arena.lifeOf(order.node);
  const call = arena.now();
  const miss = (): null => {
    arena.recording.add({ type: 'miss', call, order });
    return null;
  };
  if (life === null) return miss();
  const signal = AbortSignal.timeout(READ_MS);
  const seen = { life, call, isSame: () => arena.lifeOf(order.node) === life };
  try {
    if (order.kind === 'get') return (await get(arena, order, seen, signal)) ?? miss();
    return (await log(arena, order, seen, signal)) ?? miss();
  } catch (error) {
    if (!signal.aborted && !(error instanceof ReplogError)) throw error;
    return miss();
  }
}

interface Seeing {
  readonly life: string;
  readonly call: number;
  readonly isSame: () => boolean;
}

async function log(
  arena: Arena,
  { client, node, read: level, from, limit }: LogOrder,
  { life, call, isSame }: Seeing,
  signal: AbortSignal,
): Promise<number | null> {
  const { base } = arena;
  const options = { read: level, from: from + base, limit, signal };
  const page = await arena.clientOf(node).log(options);
  if (level === 'linearizable') await introduce(arena, node);
  if (!isSame()) return null;
  const lastIndex = beyond(base, page.lastIndex);
  arena.recording.add({
    type: 'log',
    client,
    node,
    life,
    read: level,
    call,
    return: arena.now(),
    from,
    to: page.next === null ? lastIndex : page.next - base - 1,
    entries: page.entries.map((entry) => seenOf(entry, base)),
    lastIndex,
    commitIndex: beyond(base, page.commitIndex),
    limit,
  });
  return lastIndex;
}

async function get(
  arena: Arena,
  { client, node, read: level, key }: GetOrder,
  { life, call, isSame }: Seeing,
  signal: AbortSignal,
): Promise<number | null> {
  const answer = await arena.clientOf(node).get(key, { read: level, signal });
  if (level === 'linearizable') await introduce(arena, node);
  if (!isSame()) return null;
  const index = answer.index === undefined ? null : answer.index - arena.base;
  const { value } = answer;
  const what = { key, value, index };
  const times = { call, return: arena.now() };
  arena.recording.add({ type: 'get', client, node, life, read: level, ...times, ...what });
  return index ?? 0;
}

/** How far a node says that it is, in what chaos has written: one that has only just started may
 * not know that of what was there before. */
export function beyond(base: number, index: number): number {
  return Math.max(0, index - base);
}

/** An entry of a page as the judges take it. */
export function seenOf(entry: LogEntry, base: number): SeenEntry {
  const { index, epoch, at: _, ...operation } = entry;
  return { index: index - base, epoch, operation };
}
