// The last word on a scenario: what its recorded history proves, whatever its prose says.

import type { HistoryRecord, LogRecord, SeenEntry, WriteRecord } from '../check/history.ts';
import type { Operation } from '../core/operation.ts';

/** What was found. */
export interface Judgement {
  /** What was proved, a sentence each. */
  readonly proved: readonly string[];
  /** The first thing that is wrong; null: nothing is. */
  readonly wrong: { readonly expected: string; readonly seen: string } | null;
}

/** Judges the whole history of a scenario. */
export type Judge = (records: readonly HistoryRecord[]) => Judgement;

type Wrong = Judgement['wrong'];

/** What every scenario must leave behind: equal logs without holes that hold each acknowledged
 * write at its index, no operation more often than it was asked for, none that was refused; and
 * logs that, within one life of a node, only ever grew. */
export const judgeHistory: Judge = (records) => {
  const writes = records.filter((record) => record.type === 'write');
  const logs = records.filter((record) => record.type === 'log');
  const finals = logs.filter(({ final }) => final === true);
  const wrong =
    grewOnly(logs) ??
    equal(finals) ??
    acknowledgedIsThere(writes, finals) ??
    onceEach(writes, finals);
  const stored = writes.filter(({ outcome }) => outcome === 'ok').length;
  const length = finals[0]?.lastIndex ?? 0;
  return {
    wrong,
    proved: [
      `${stored} acknowledged writes, each at its index`,
      `${finals.length} equal logs of ${length} operations`,
      `nothing twice, nothing lost, no log ever shrank (${logs.length} reads)`,
    ],
  };
};

/** Within one life of a process, what was shown stays as it was. */
function grewOnly(logs: readonly LogRecord[]): Wrong {
  const shown = new Map<string, LogRecord>();
  for (const log of logs.toSorted((a, b) => a.call - b.call)) {
    const before = shown.get(log.life);
    // Reads that overlap in time prove nothing about each other.
    if (before !== undefined && before.return > log.call) continue;
    shown.set(log.life, log);
    const hole = log.entries.find(({ index }, i) => index !== i + 1);
    if (hole !== undefined) {
      return wrong(`${log.node} to show its log without holes`, `index ${hole.index} too early`);
    }
    if (before === undefined) continue;
    if (log.entries.length < before.entries.length) {
      const seen = `${log.entries.length} operations after ${before.entries.length}`;
      return wrong(`${log.node} never to show less than before`, seen);
    }
    const changed = before.entries.find((entry, i) => textOf(entry) !== textOf(log.entries[i]));
    if (changed !== undefined) {
      const seen = `index ${changed.index} was ${textOf(changed)} and changed`;
      return wrong(`${log.node} never to change what it has shown`, seen);
    }
  }
  return null;
}

function equal(finals: readonly LogRecord[]): Wrong {
  const [first, ...others] = finals;
  if (first === undefined) return wrong('final logs', 'none were read');
  for (const other of others) {
    const length = Math.max(first.entries.length, other.entries.length);
    for (let i = 0; i < length; i += 1) {
      const [one, two] = [textOf(first.entries[i]), textOf(other.entries[i])];
      if (one === two) continue;
      return wrong(`${other.node} to end as ${first.node} does: index ${i + 1} is ${one}`, two);
    }
  }
  return null;
}

function acknowledgedIsThere(writes: readonly WriteRecord[], finals: readonly LogRecord[]): Wrong {
  for (const { outcome, first, operations } of writes) {
    if (outcome !== 'ok' || first === undefined) continue;
    for (const { node, entries } of finals) {
      for (const [i, operation] of operations.entries()) {
        const found = entries[first - 1 + i]?.operation;
        if (sameOperation(found, operation)) continue;
        const expected = `${JSON.stringify(operation)}, which was acknowledged, at index ${first + i}`;
        return wrong(
          `${expected} of ${node}`,
          found === undefined ? 'nothing' : JSON.stringify(found),
        );
      }
    }
  }
  return null;
}

/** No operation stands in a log more often than distinct requests can have put it there. */
function onceEach(writes: readonly WriteRecord[], finals: readonly LogRecord[]): Wrong {
  const allowed = new Map<string, number>();
  const keys = new Set<string>();
  for (const { outcome, operations, idempotencyKey } of writes) {
    if (outcome === 'refused') continue;
    if (idempotencyKey !== null && keys.has(idempotencyKey)) continue;
    if (idempotencyKey !== null) keys.add(idempotencyKey);
    for (const operation of operations) {
      const text = canonical(operation);
      allowed.set(text, (allowed.get(text) ?? 0) + 1);
    }
  }
  for (const { node, entries } of finals) {
    const left = new Map(allowed);
    for (const { index, operation } of entries) {
      const text = canonical(operation);
      const count = left.get(text) ?? 0;
      if (count === 0) {
        const often = allowed.get(text) ?? 0;
        const expected =
          often === 0 ? 'nothing that was refused or never sent' : `${text} ${often} times at most`;
        return wrong(`${expected} in the log of ${node}`, `${text} at index ${index}`);
      }
      left.set(text, count - 1);
    }
  }
  return null;
}

function wrong(expected: string, seen: string): Wrong {
  return { expected, seen };
}

function textOf(entry: SeenEntry | undefined): string {
  return entry === undefined ? 'nothing' : `${entry.epoch}/${canonical(entry.operation)}`;
}

function sameOperation(a: Operation | undefined, b: Operation): boolean {
  return a !== undefined && canonical(a) === canonical(b);
}

function canonical(operation: Operation): string {
  return JSON.stringify(operation, ['op', 'message', 'key', 'value']);
}
