// Whatever a slip does to the logs of a legal history is found: a fixed seed, many mutations.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HistoryRecord, LogRecord, SeenEntry } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import { type Editable, ofType } from './legal-history.ts';
import { message, put, Recording, remove } from './recording.ts';

type Log = Extract<Editable, { type: 'log' }>;
type Step = 'append' | 'batch' | 'put' | 'remove' | 'read' | 'get' | 'restart' | 'retry';

/** A legal history that goes where chance leads it. */
function drawn(steps: readonly Step[]): Editable[] {
  const run = new Recording();
  run.write(message('first'), { w: 'all' });
  for (const [i, step] of steps.entries()) {
    const node = run.nodes[i % 3]!;
    const key = `k${i % 3}`;
    const take: Record<Step, () => void> = {
      append: () => run.write(message(`m${i}`), { w: i % 2 === 0 ? 'all' : 'majority' }),
      batch: () => run.write([message(`b${i}`), message(`c${i}`)], { idempotencyKey: `i${i}` }),
      put: () => run.write(put(key, `v${i}`), { w: 'all' }),
      remove: () => run.write(remove(key)),
      read: () => run.read(node),
      get: () => run.get(node, key, { read: node === 'n1' ? 'linearizable' : 'local' }),
      restart: () => {
        run.node(node, 'crash');
        run.start(node);
        if (node === 'n1') run.lead('n1');
      },
      retry: () => {
        run.write(message(`r${i}`), { idempotencyKey: `r${i}`, outcome: 'unknown' });
        run.write(message(`r${i}`), { idempotencyKey: `r${i}` });
      },
    };
    take[step]();
  }
  return JSON.parse(JSON.stringify(run.end())) as Editable[];
}

/** Each takes one answer that shows at least two entries, and a place in it. */
const MUTATIONS: Readonly<Record<string, (log: Log, at: number) => void>> = {
  drop: (log, at) => void log.entries.splice(at, 1),
  swap: (log, at) => {
    const [one, two] = [log.entries[at]!, log.entries[at + 1] ?? log.entries[at - 1]!];
    [one.operation, two.operation] = [two.operation, one.operation];
  },
  duplicate: (log, at) => {
    const next = log.entries[at + 1] ?? log.entries[at - 1]!;
    next.operation = log.entries[at]!.operation;
  },
  change: (log, at) => {
    log.entries[at]!.operation = message('something else') as never;
  },
  shrink: (log, at) => {
    log.entries.length = at;
    log.lastIndex = at;
    log.to = at;
    log.commitIndex = at;
  },
};

const steps = fc.array(
  fc.constantFrom<Step>(
    'append',
    'append',
    'batch',
    'put',
    'remove',
    'read',
    'get',
    'restart',
    'retry',
  ),
  { minLength: 2, maxLength: 25 },
);

const RUNS = { seed: 20_261_121, numRuns: 150 };

/** Entries on a key that a later one superseded may be missing, and a removal with nothing on its
 * key before it: that is compaction, and legal. */
function isCompaction({ entries }: LogRecord, at: number): boolean {
  const { operation } = entries[at]!;
  if (operation.op === 'append') return false;
  const sameKey = ({ operation: other }: SeenEntry): boolean =>
    other.op !== 'append' && other.key === operation.key;
  if (entries.slice(at + 1).some(sameKey)) return true;
  return operation.op === 'remove' && !entries.slice(0, at).some(sameKey);
}

describe('a legal history', () => {
  test('is OK wherever chance leads it', () => {
    fc.assert(
      fc.property(steps, (path) => {
        const { verdict, violations } = judge(drawn(path) as HistoryRecord[]);
        expect(verdict, violations[0]?.sentence).toBe('OK');
      }),
      RUNS,
    );
  });

  test.each(Object.keys(MUTATIONS))('%s in any final answer is found', (name) => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.nat(), (path, which, where) => {
        const records = drawn(path);
        const finals = ofType(records, 'log').filter(({ final }) => final === true);
        const log = finals[which % finals.length]!;
        const at = where % log.entries.length;
        fc.pre(log.entries.length > 1);
        fc.pre(name !== 'drop' || !isCompaction(log as LogRecord, at));
        const before = JSON.stringify(records);
        MUTATIONS[name]!(log, at);
        fc.pre(JSON.stringify(records) !== before);
        expect(judge(records as HistoryRecord[]).verdict).not.toBe('OK');
      }),
      RUNS,
    );
  });

  test('half a history is never illegal', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (path, where) => {
        const records = drawn(path);
        const part = records.slice(0, where % records.length);
        // What is seen may be asked for in the part that is missing.
        const found = judge(part as HistoryRecord[]).violations;
        expect(found.filter((violation) => violation.judge !== 'no ghost')).toEqual([]);
      }),
      RUNS,
    );
  });
});
