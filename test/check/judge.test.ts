import { describe, expect, test } from 'vitest';
import type { HistoryRecord } from '../../src/check/history.ts';
import { Judge, judge } from '../../src/check/judge.ts';
import type { JudgeName } from '../../src/check/verdict.ts';
import { type Editable, legalHistory, ofType } from './legal-history.ts';
import { message, put, Recording } from './recording.ts';

type Corruption = readonly [what: string, by: JudgeName, corrupt: (records: Editable[]) => void];

const writes = (records: Editable[]) => ofType(records, 'write');
const logs = (records: Editable[]) => ofType(records, 'log');
const gets = (records: Editable[]) => ofType(records, 'get');
const written = (records: Editable[], text: string) =>
  writes(records).find(
    ({ operations: [first] }) => first?.op === 'append' && first.message === text,
  )!;
const finals = (records: Editable[]) => logs(records).filter(({ final }) => final === true);

/** Puts another message where this one stands, wherever it is shown. */
function replaced(records: Editable[], from: string, to: string): void {
  for (const { entries } of logs(records)) {
    for (const { operation } of entries) {
      if (operation.op === 'append' && operation.message === from) operation.message = to;
    }
  }
}

function dropAt(record: Extract<Editable, { type: 'log' }>, index: number): void {
  record.entries = record.entries.filter((entry) => entry.index !== index);
}

// Each changes one record, or one fact in all of them, and breaks one rule.
const CORRUPTIONS: readonly Corruption[] = [
  // durable
  [
    'the end of all final logs is gone',
    'durable',
    (records) => {
      for (const log of finals(records)) {
        log.lastIndex -= 2;
        log.to -= 2;
        log.commitIndex -= 2;
        log.entries.splice(-2);
      }
      const proved = logs(records).filter(({ read }) => read === 'linearizable');
      for (const read of [...gets(records).slice(-2), proved.at(-1)!]) {
        records.splice(records.indexOf(read), 1);
      }
    },
  ],
  [
    'a committed entry differs from the acknowledged one',
    'durable',
    (records) => {
      const [one, two] = logs(records)[0]!.entries;
      [one!.operation, two!.operation] = [two!.operation, one!.operation];
    },
  ],
  [
    'a node restarts without what it acknowledged',
    'durable',
    (records) => {
      const read = logs(records).find(({ life }) => life === 'n3-2')!;
      read.lastIndex = 4;
      read.to = 4;
      read.commitIndex = 4;
      read.entries.length = 4;
    },
  ],
  // exactly once
  [
    'a key is answered with two indexes',
    'exactly once',
    (records) => {
      const again = writes(records).find(({ duplicate }) => duplicate === true)!;
      again.first = 7;
      again.last = 9;
    },
  ],
  [
    'a message is in the logs twice',
    'exactly once',
    (records) => {
      replaced(records, 'never', 'one');
      for (const log of finals(records)) {
        const next = log.lastIndex + 1;
        log.entries.push({ index: next, epoch: 2, operation: message('one') as never });
        log.lastIndex = next;
        log.to = next;
      }
    },
  ],
  [
    'half a batch is in the logs',
    'exactly once',
    (records) => {
      const batch = writes(records).find(({ operations }) => operations.length === 3)!;
      const open = structuredClone(batch);
      Object.assign(open, { idempotencyKey: 'half', outcome: 'unknown' });
      delete open.first;
      delete open.last;
      open.operations = [message('h1'), message('h2')] as never;
      records.splice(records.indexOf(batch), 0, open);
      for (const log of finals(records)) {
        const next = log.lastIndex + 1;
        log.entries.push({ index: next, epoch: 2, operation: message('h1') as never });
        log.lastIndex = next;
        log.to = next;
      }
    },
  ],
  // total order
  [
    'one index is given to two writes',
    'total order',
    (records) => {
      const write = written(records, 'two');
      write.first = 1;
      write.last = 1;
      write.call = 0;
    },
  ],
  [
    'a later write gets a lower index',
    'total order',
    (records) => {
      const write = written(records, 'three');
      write.first = 2;
      write.last = 2;
    },
  ],
  [
    'two entries change places in one answer',
    'total order',
    (records) => {
      const [one, two] = logs(records)[1]!.entries;
      [one!.operation, two!.operation] = [two!.operation, one!.operation];
    },
  ],
  [
    'an entry is shown behind a later one',
    'total order',
    (records) => {
      logs(records)[0]!.entries.reverse();
    },
  ],
  [
    'an epoch falls along a log',
    'total order',
    (records) => {
      logs(records)[0]!.entries[0]!.epoch = 2;
    },
  ],
  // never back
  [
    'a log shrinks',
    'never back',
    (records) => {
      const read = logs(records).filter(({ node, life }) => node === 'n2' && life === 'n2-1')[1]!;
      for (const write of writes(records)) {
        if (write.acks !== undefined) write.acks = write.acks.filter((node) => node !== 'n2');
      }
      for (const write of writes(records)) if (write.w !== 1) write.w = 1;
      read.lastIndex = 2;
      read.to = 2;
      read.commitIndex = 2;
      read.entries.length = 2;
    },
  ],
  [
    'a message is missing in the middle',
    'never back',
    (records) => {
      dropAt(logs(records)[1]!, 2);
    },
  ],
  [
    'what a node shows changes',
    'never back',
    (records) => {
      const read = logs(records).find(({ from }) => from === 3)!;
      const [earlier] = logs(records).filter(({ node }) => node === 'n2');
      read.node = 'n2';
      read.life = 'n2-1';
      for (const entry of read.entries) entry.epoch = 0;
      expect(earlier!.entries[2]!.epoch).toBe(1);
    },
  ],
  [
    'a value goes back',
    'never back',
    (records) => {
      const [first, second] = gets(records);
      Object.assign(second!, { value: first!.value, index: first!.index });
      Object.assign(first!, { value: 'v2', index: 7 });
    },
  ],
  // write concern
  [
    'too few have it',
    'write concern',
    (records) => {
      written(records, 'late').w = 3;
      writes(records).find(({ w, outcome }) => w === 3 && outcome === 'ok')!.acks = ['n1', 'n2'];
    },
  ],
  [
    'no majority has it',
    'write concern',
    (records) => {
      written(records, 'one').acks = ['n1'];
    },
  ],
  [
    'one node is named twice',
    'write concern',
    (records) => {
      written(records, 'one').acks = ['n1', 'n1'];
    },
  ],
  [
    'the master does not have it',
    'write concern',
    (records) => {
      written(records, 'one').acks = ['n2', 'n3'];
    },
  ],
  [
    'a member is missing in all',
    'write concern',
    (records) => {
      writes(records).filter(({ w }) => w === 'all')[1]!.acks = ['n1', 'n2'];
    },
  ],
  [
    'nobody is named',
    'write concern',
    (records) => {
      delete written(records, 'one').acks;
    },
  ],
  // no ghost
  [
    'what was refused is in the logs',
    'no ghost',
    (records) => {
      for (const log of finals(records)) {
        const next = log.lastIndex + 1;
        log.entries.push({ index: next, epoch: 2, operation: message('no') as never });
        log.lastIndex = next;
        log.to = next;
      }
    },
  ],
  [
    'what nobody asked for is in the logs',
    'no ghost',
    (records) => {
      const lost = written(records, 'lost');
      records.splice(records.indexOf(lost), 1);
    },
  ],
  [
    'an operation is seen before it is asked for',
    'no ghost',
    (records) => {
      const write = written(records, 'lost');
      write.call = 1e6;
    },
  ],
  // honest refusal
  [
    'a key is said to stand for another request, and was never used for one',
    'honest refusal',
    (records) => {
      const refused = writes(records).find(({ code }) => code === 'idempotency-key-reused')!;
      refused.idempotencyKey = 'nobody-else';
    },
  ],
  // one master per epoch
  [
    'two nodes lead one epoch',
    'one master per epoch',
    (records) => {
      ofType(records, 'node').filter(({ role }) => role === 'master')[1]!.epoch = 1;
      ofType(records, 'health')[1]!.epoch = 1;
    },
  ],
  [
    'another node says it is master',
    'one master per epoch',
    (records) => {
      ofType(records, 'health')[1]!.node = 'n2';
    },
  ],
  [
    'the epoch of a node falls',
    'one master per epoch',
    (records) => {
      const health = structuredClone(ofType(records, 'health')[1]!);
      health.epoch = 1;
      health.role = 'secondary';
      records.splice(-1, 0, health);
    },
  ],
  // converges
  [
    'the final logs differ',
    'converges',
    (records) => {
      for (const log of finals(records).filter(({ node }) => node !== 'n2')) {
        log.entries.push({
          index: log.lastIndex + 1,
          epoch: 2,
          operation: message('never') as never,
        });
        log.lastIndex += 1;
        log.to += 1;
      }
    },
  ],
  [
    'a write is refused after all was to have healed',
    'converges',
    (records) => {
      const write = structuredClone(written(records, 'no'));
      write.call = 1e6;
      write.return = 1e6 + 1;
      write.operations = [message('after')] as never;
      records.splice(-1, 0, write);
    },
  ],
  [
    'the master is read-only after all was to have healed',
    'converges',
    (records) => {
      const health = structuredClone(ofType(records, 'health')[1]!);
      Object.assign(health, { at: 1e6, mode: 'read-only' });
      records.splice(-1, 0, health);
    },
  ],
  [
    'a node has another value at the end',
    'converges',
    (records) => {
      const get = gets(records).at(-1)!;
      Object.assign(get, { value: null, index: null, node: 'n3', life: 'n3-2', read: 'majority' });
    },
  ],
  // quorum mode
  [
    'a master is read-write without a quorum',
    'quorum mode',
    (records) => {
      ofType(records, 'health')[0]!.alive = 1;
    },
  ],
  [
    'half the nodes count as a quorum',
    'quorum mode',
    (records) => {
      ofType(records, 'health')[0]!.needed = 1;
    },
  ],
  // bounded
  [
    'a refused write has an index',
    'bounded',
    (records) => {
      written(records, 'no').first = 4;
    },
  ],
  [
    'a page shows what it does not cover',
    'bounded',
    (records) => {
      logs(records)[0]!.to = 1;
    },
  ],
  [
    'a node that does not exist has it',
    'bounded',
    (records) => {
      written(records, 'one').acks = ['n1', 'n2', 'n9'];
    },
  ],
  // no silent damage
  [
    'a letter changes on one node',
    'no silent damage',
    (records) => {
      const { operation } = logs(records)[1]!.entries[0]!;
      if (operation.op === 'append') operation.message = 'onf';
    },
  ],
  [
    'a settled value is not what was written',
    'no silent damage',
    (records) => {
      const get = gets(records).find(({ read }) => read === 'linearizable')!;
      get.value = 'v9';
    },
  ],
  // linearizable
  [
    'a linearizable read misses what was acknowledged',
    'linearizable',
    (records) => {
      const read = logs(records).find(({ read }) => read === 'linearizable')!;
      read.lastIndex = 5;
      read.to = 5;
      read.commitIndex = 5;
      read.entries.length = 5;
    },
  ],
  [
    'a linearizable value is old',
    'linearizable',
    (records) => {
      const get = gets(records).find(({ read }) => read === 'linearizable')!;
      Object.assign(get, { value: 'v1', index: 3 });
    },
  ],
  [
    'a value is gone that nobody removed',
    'linearizable',
    (records) => {
      const get = gets(records).find(({ read }) => read === 'linearizable')!;
      Object.assign(get, { value: null, index: null });
      const removal = writes(records).find(({ operations: [first] }) => first!.op === 'remove')!;
      const operation = put('other', 'x');
      removal.operations = [operation] as never;
      for (const { entries } of logs(records)) {
        for (const entry of entries)
          if (entry.operation.op === 'remove') entry.operation = operation;
      }
      for (const other of gets(records).slice(2)) {
        if (other !== get && other.value === null) records.splice(records.indexOf(other), 1);
      }
    },
  ],
];

/** Every node loses its disk, and n1 leads an epoch of a new log. */
function loseAll(run: Recording): void {
  for (const node of run.nodes) {
    run.node(node, 'crash');
    run.node(node, 'wipe');
    run.start(node);
  }
  run.lead('n1');
}

describe('the judges', () => {
  test('a legal history is OK, and everything in it is counted', () => {
    const verdict = judge(legalHistory() as HistoryRecord[]);
    expect(verdict).toMatchObject({ verdict: 'OK', violations: [], reasons: [] });
    expect(verdict.counts).toMatchObject({ duplicates: 2, refused: 2, unknown: 3, epochs: 2 });
  });

  test.each(CORRUPTIONS)('%s → %s', (_what, by, corrupt) => {
    const records = legalHistory();
    corrupt(records);
    const { verdict, violations } = judge(records as HistoryRecord[]);
    expect(violations.map((violation) => violation.judge)[0], violations[0]?.sentence).toBe(by);
    expect(verdict).toBe('ILLEGAL');
    expect(violations[0]!.records.length).toBeGreaterThan(0);
    expect(violations[0]!.records.length).toBeLessThanOrEqual(3);
  });

  test('every invariant has a history that breaks it', () => {
    const broken = new Set(CORRUPTIONS.map(([, by]) => by));
    expect(broken.size).toBe(13);
  });

  test('a violation is told with the record that completes it', () => {
    const records = legalHistory();
    written(records, 'one').acks = ['n2', 'n3'];
    const judging = new Judge();
    const first = records.findIndex((record) => judging.record(record as HistoryRecord) !== null);
    expect(first).toBe(records.indexOf(written(records, 'one')));
  });
});

describe('a history that cannot decide', () => {
  test('nobody read the logs at the end', () => {
    const run = new Recording();
    run.write(message('one'));
    expect(judge(run.records)).toMatchObject({ verdict: 'UNKNOWN' });
  });

  test('one of the nodes was not read, or only in part', () => {
    const records = legalHistory() as HistoryRecord[];
    const without = records.filter(({ type, ...rest }) => {
      return !(type === 'log' && 'final' in rest && (rest as { node: string }).node === 'n2');
    });
    expect(judge(without).reasons).toEqual(['n2 is up, but was not read at the end']);
    const part = legalHistory();
    const log = finals(part)[2]!;
    log.to -= 1;
    log.entries.length -= 1;
    expect(judge(part as HistoryRecord[]).reasons[0]).toMatch(/n3 was read up to/);
  });

  test('nothing was acknowledged', () => {
    const run = new Recording();
    expect(judge(run.end()).reasons).toEqual(['no write was acknowledged']);
  });

  test('never back: a node that had left and is back may start over, once', () => {
    const run = new Recording();
    for (const text of ['a', 'b', 'c']) run.write(message(text), { w: 1 });
    const back = (until: number): void => run.read('n3', {}, run.log.slice(0, until));
    run.node('n3', 'leave');
    run.start('n3');
    back(3);
    run.node('n3', 'join');
    back(1);
    back(2);
    expect(judge(run.records).violations).toEqual([]);
    back(1);
    expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
  });

  test('write concern: a leave counts when it comes into effect, too', () => {
    const alone = (effective: boolean) => {
      const run = new Recording();
      run.node('n3', 'leave');
      run.health();
      if (effective) run.node('n3', 'leave');
      run.node('n2', 'leave');
      run.write(message('alone'), { acks: ['n1'] });
      return judge(run.records).violations;
    };
    expect(alone(true)).toEqual([]);
    expect(alone(false)).toMatchObject([{ judge: 'write concern' }]);
  });

  test('never back: what is said of a key may go, if a later epoch does not have it', () => {
    const back = (stays: boolean) => {
      const run = new Recording();
      const put = (value: string) => ({ op: 'put', key: 'k', value }) as const;
      run.write(put('kept'));
      run.write(put('dropped'), { outcome: 'unknown' });
      const says = (value: string, index: number) => run.get('n3', 'k', { value, index });
      run.node('n2', 'role', { role: 'secondary', epoch: 2 });
      says('dropped', 2);
      run.lead('n1');
      says('kept', 1);
      // It has not heard yet that there is another master.
      says('dropped', 2);
      says('kept', 1);
      if (!stays) run.log.pop();
      return judge(run.end()).violations;
    };
    expect(back(false)).toEqual([]);
    expect(back(true)).toMatchObject([{ judge: 'never back' }]);
  });

  test('write concern: what a node acknowledged before it left makes it no member', () => {
    const run = new Recording();
    const call = run.tick();
    run.node('n3', 'leave');
    run.start('n3');
    run.write(message('before'), { call, acks: ['n1', 'n3'] });
    run.write(message('all'), { w: 'all', acks: ['n1', 'n2'] });
    expect(judge(run.end()).violations).toEqual([]);
    run.records.splice(-6);
    run.write(message('now'), { acks: ['n1', 'n3'] });
    run.write(message('again'), { w: 'all', acks: ['n1', 'n2'] });
    expect(judge(run.records).violations).toMatchObject([{ judge: 'write concern' }]);
  });

  test('write concern: an earlier master tells of its own members, however late', () => {
    const asked = (after: number): string[] => {
      const run = new Recording();
      run.node('n1', 'role', { role: 'master', epoch: 2 });
      const call = run.now + after;
      run.tick();
      run.write(message('before'), { call, acks: ['n1', 'n3'] });
      run.write(message('all'), { w: 'all', acks: ['n1', 'n2'] });
      return judge(run.end()).violations.map(({ judge: by }) => by);
    };
    for (const after of [-1, 0]) expect(asked(after)).toEqual([]);
    expect(asked(1)).toContain('write concern');
  });

  test('converges: an unseen operation may have gone, in the place of what was seen', () => {
    const run = new Recording();
    run.write(message('one'));
    run.write(message('seen'), { outcome: 'unknown' });
    run.read('n1', { commitIndex: 1 });
    run.log.pop();
    run.node('n1', 'crash');
    run.start('n1');
    run.lead('n1');
    const put = (value: string) => ({ op: 'put', key: 'k', value }) as const;
    run.write(put('unseen'), { outcome: 'unknown' });
    run.write(put('later'));
    run.log.splice(1, 1);
    const records = run.end();
    expect(judge(records).violations).toEqual([]);
    const answered = records.filter((record) => !JSON.stringify(record).includes('unseen'));
    expect(judge(answered).violations.map(({ judge: by }) => by)).toContain('converges');
  });

  test('converges: a value may be gone with the removal that superseded it, and was lost', () => {
    const run = new Recording();
    const put = (key: string) => ({ op: 'put', key, value: 'v' }) as const;
    run.write(message('one'));
    run.write(put('k'));
    const removal = run.write({ op: 'remove', key: 'k' });
    run.log.pop();
    loseAll(run);
    run.write(put('other'));
    run.log.splice(1, 1);
    const records = run.end();
    expect(judge(records).violations).toEqual([]);
    const never = records.filter((record) => record !== removal);
    expect(judge(never).violations.map(({ judge: by }) => by)).toContain('converges');
  });

  test('converges: so may a removal, in the place of what was seen, and lost since', () => {
    const run = new Recording();
    run.write(message('one'));
    run.write(message('seen'));
    run.read('n1');
    run.log.pop();
    loseAll(run);
    const removal = run.write({ op: 'remove', key: 'k' });
    loseAll(run);
    run.write(message('later'));
    run.log.splice(1, 1);
    const records = run.end();
    expect(judge(records).violations).toEqual([]);
    const never = records.filter((record) => record !== removal);
    expect(judge(never).violations.map(({ judge: by }) => by)).toContain('converges');
  });

  test('never back: so may what it says of its keys, of all of them, once', () => {
    const run = new Recording();
    const values = ['a1', 'b1', 'a2', 'b2'];
    for (const value of values) run.write({ op: 'put', key: value[0]!, value }, { w: 1 });
    const says = (...indexes: readonly number[]): void => {
      for (const index of indexes) {
        const value = values[index - 1]!;
        run.get('n3', value[0]!, { value, index });
      }
    };
    run.node('n3', 'leave');
    run.start('n3');
    says(3, 4, 1, 2, 1, 2, 3);
    expect(judge(run.records).violations).toEqual([]);
    says(1);
    expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
  });

  test('never back: so may every node, once, when the arbiter has forgotten', () => {
    const run = new Recording();
    run.node('n3', 'resume');
    run.node('arbiter', 'start', { sized: true });
    run.node('arbiter', 'wipe');
    run.lead('n2');
    for (const value of ['1', '2']) run.write(put('k', value));
    const says = (...indexes: readonly number[]): void => {
      for (const index of indexes) run.get('n3', 'k', { value: String(index), index });
    };
    says(2, 1, 2);
    expect(judge(run.records).violations).toEqual([]);
    const kept = run.records.filter((record) => record.type !== 'node' || record.event !== 'wipe');
    expect(judge(kept).violations).toMatchObject([{ judge: 'never back' }]);
    run.node('n1', 'resume');
    says(1);
    expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
  });

  test('durable: a node restarts, and says what a key was before what it acknowledged', () => {
    const run = new Recording();
    run.write(put('k', '1'));
    run.write(put('k', '2'));
    run.node('n2', 'crash');
    run.start('n2');
    run.get('n1', 'k');
    expect(judge(run.records).violations).toEqual([]);
    run.get('n2', 'k', { value: '1', index: 1 });
    expect(judge(run.records).violations).toMatchObject([{ judge: 'durable', records: [7, 11] }]);
  });

  test('durable: so does one that is not named as having it: it is legal', () => {
    const run = new Recording();
    run.write(put('k', '1'));
    run.write(put('k', '2'));
    run.get('n3', 'k', { value: '1', index: 1 });
    expect(judge(run.records).violations).toEqual([]);
  });

  test('no silent damage: a local value is not what stands at its index', () => {
    const run = new Recording();
    run.write(put('k', '1'), { w: 1 });
    run.write(put('k', '2'), { w: 1 });
    run.get('n3', 'k', { value: '1', index: 2 });
    expect(judge(run.records).violations).toMatchObject([{ judge: 'no silent damage' }]);
  });

  test('no silent damage: a local value that an epoch has undone since may still be shown', () => {
    const run = new Recording();
    run.write(put('k', '1'));
    run.node('n1', 'crash');
    run.start('n1');
    run.lead('n1');
    run.write(put('k', '2'));
    run.write(put('k', 'open'), { outcome: 'unknown' });
    run.get('n3', 'k', { value: 'open', index: 2 });
    expect(judge(run.records).violations).toEqual([]);
  });

  test('never back: what is on a majority is shown to who asks for that, and then is not', () => {
    const run = new Recording();
    run.write(message('one'));
    run.write(message('two'));
    run.read('n2', { read: 'majority' });
    run.read('n3', { read: 'majority' }, run.log.slice(0, 1));
    expect(judge(run.records).violations).toEqual([]);
    run.read('n2', { read: 'majority' }, run.log.slice(0, 1));
    expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
  });

  test.each(['majority', 'linearizable'] as const)(
    'bounded: a %s read shows what is on the master alone',
    (read) => {
      const run = new Recording();
      run.write(message('one'));
      run.write(message('two'), { outcome: 'unknown' });
      run.read('n1', { commitIndex: 1 });
      expect(judge(run.records).violations).toEqual([]);
      run.read('n1', { read, commitIndex: 1 });
      expect(judge(run.records).violations).toMatchObject([{ judge: 'bounded' }]);
    },
  );
});

test('time and memory go with the length of a history, not with the indexes in it', () => {
  const far = 100_000_000;
  const run = new Recording();
  run.write(message('near'));
  run.read('n2');
  const shift = (record: HistoryRecord): HistoryRecord => {
    if (record.type === 'write') return { ...record, first: far, last: far };
    if (record.type !== 'log') return record;
    const entries = record.entries.map((entry) => ({ ...entry, index: far }));
    return { ...record, entries, from: far - 5_000, to: far, lastIndex: far, commitIndex: far };
  };
  const records = run.records.map(shift);
  const read = records.at(-1)!;
  const before = process.memoryUsage.rss();
  const verdict = judge([
    ...records,
    ...ofType([read] as Editable[], 'log').flatMap((log) => [
      { ...log, node: 'n3', life: 'n3-1' },
      { ...log, from: 1, final: true },
      { ...log, node: 'n3', life: 'n3-1', from: 1, final: true },
    ]),
  ]);
  expect(verdict.violations).toMatchObject([{ judge: 'converges' }]);
  expect(verdict.violations[0]!.sentence).toContain('index 1 is missing');
  // An array up to there takes ten times as much.
  expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
});
