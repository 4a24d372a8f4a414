// What a node shows to a client that reads, as the routes of src/node show it: up to where the read
// level allows, from the log as it is stored.

import type { GetRecord, LogRecord, ReadLevel, SeenEntry } from '../../check/history/history.ts';
import { type LogIndex, logIndex } from '../../core/ids.ts';
import type { Mutable } from '../../core/mutable.ts';
import type { Entry, Operation } from '../../core/operation.ts';
import type { NodeHost } from './node-host.ts';

/** A page of the log. */
export interface Page {
  readonly from: number;
  readonly to: number;
  readonly entries: readonly SeenEntry[];
  readonly lastIndex: number;
  readonly commitIndex: number;
}

export interface Value {
  readonly value: string | null;
  readonly index: number | null;
}

/** Who asked for something, and when. */
export type Asked = Omit<GetRecord, 'type' | 'key' | keyof Value>;

/** A page that is not whole holds so many of the last entries. */
const LAST_FEW = 8;

/** So often a value is looked for that is overwritten or cut off meanwhile. */
const ATTEMPTS = 3;

/** Up to where a read of this level may see; null: the node cannot prove it. */
export function shownUpTo(node: NodeHost, level: ReadLevel): Promise<LogIndex | null> {
  if (level === 'linearizable') {
    return new Promise((resolve) => {
      node.confirm((outcome) => resolve(outcome.type === 'Confirmed' ? outcome.lastIndex : null));
    });
  }
  const { lastIndex } = node.engine!.persistence;
  if (level === 'local') return Promise.resolve(lastIndex);
  return Promise.resolve(committed(node));
}

/** The end of the log up to `upTo`, or all of it. Rejects if that was cut off, or with the disk's
 * failure. */
export async function page(node: NodeHost, upTo: LogIndex, whole: boolean): Promise<Page> {
  const { persistence } = node.engine!;
  // Both are of the moment before the disk is asked: what is on a majority then stays as it is.
  const commitIndex = Math.min(committed(node), upTo);
  const from = whole ? 1 : Math.max(1, upTo - LAST_FEW + 1);
  if (persistence.lastIndex < upTo) throw new Error(`the log ends before ${upTo}`);
  const entries: SeenEntry[] = [];
  if (upTo >= from) {
    const chunk = await node.read(logIndex(from), upTo);
    for (const entry of node.texts.entries(chunk)) entries.push(seen(entry));
  }
  if (node.engine === null) throw new Error('the process has ended');
  return { from, to: upTo, entries, lastIndex: upTo, commitIndex };
}

/** The value of a key as of `upTo`, or of what has been committed since. */
export async function valueAt(node: NodeHost, key: string, upTo: LogIndex): Promise<Value> {
  for (let attempt = 0; attempt < ATTEMPTS && node.engine !== null; attempt += 1) {
    const { folds, persistence } = node.engine;
    const index = folds.store.find(key, upTo);
    if (index === null) return { value: null, index: null };
    if (index <= persistence.lastIndex) {
      const [entry] = node.texts.entries(await node.read(index, index));
      if (entry?.op === 'put' && entry.key === key) return { value: entry.value, index };
    }
  }
  throw new Error('the value of a key is not where the index says');
}

/** That a page was shown. */
export function pageRecord(asked: Asked, shown: Page): Mutable<LogRecord> {
  const { client, node, life, read, call } = asked;
  const { from, to, entries, lastIndex, commitIndex } = shown;
  return {
    type: 'log',
    client,
    node,
    life,
    read,
    call,
    return: asked.return,
    from,
    to,
    entries,
    lastIndex,
    commitIndex,
  };
}

/** That the value of a key was shown. */
export function valueRecord(asked: Asked, key: string, shown: Value): GetRecord {
  const { client, node, life, read, call } = asked;
  const { value, index } = shown;
  return { type: 'get', client, node, life, read, call, return: asked.return, key, value, index };
}

function committed(node: NodeHost): LogIndex {
  const { replica, persistence } = node.engine!;
  return logIndex(Math.min(replica.commitIndex, persistence.lastIndex));
}

function seen(entry: Entry): SeenEntry {
  return { index: entry.index, epoch: entry.epoch, operation: operationOf(entry) };
}

/** What an entry does, without where it stands. */
export function operationOf(entry: Entry): Operation {
  switch (entry.op) {
    case 'append':
      return { op: 'append', message: entry.message };
    case 'put':
      return { op: 'put', key: entry.key, value: entry.value };
    case 'remove':
      return { op: 'remove', key: entry.key };
  }
}
