// Which loss is allowed: exactly when nobody who must be asked still has it.

import { describe, expect, test } from 'vitest';
import type { NodeRecord } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import type { WriteConcern } from '../../src/core/effects.ts';
import { judgesOf } from './objections.ts';
import { message, Recording, remove } from './recording.ts';

type Mishap = readonly [node: string, ...events: NodeRecord['event'][]];

interface Loss {
  readonly what: string;
  readonly durable: boolean;
  readonly w: WriteConcern;
  readonly mishaps: readonly Mishap[];
  /** Who opens the next epoch, without the operation. */
  readonly master: string;
}

/** A write is acknowledged with `w`, something happens, and the operation is not there any more. */
function verdictOf({ durable, master, mishaps, w }: Loss) {
  const run = new Recording(['n1', 'n2', 'n3'], durable);
  run.write(message('kept'), { w: 'all' });
  run.write(message('gone'), { w });
  for (const [node, ...events] of mishaps) for (const event of events) run.node(node, event);
  run.log.length = 1;
  for (const node of new Set(mishaps.map(([name]) => name))) run.start(node, durable);
  run.lead(master);
  run.write(message('instead'), {
    w: 'all',
    acks: [master, 'n1', 'n2', 'n3'].slice(0, 1),
    node: master,
  });
  return judge(run.end());
}

const WIPED = ['crash', 'wipe'] as const;
const DISK = { durable: true, master: 'n1' };
const MEMORY = { durable: false, master: 'n1' };

const ALLOWED: readonly Loss[] = [
  { ...DISK, what: 'w=1, and the only disk wiped', w: 1, mishaps: [['n1', ...WIPED]] },
  {
    ...DISK,
    what: 'w=2, and both disks wiped',
    w: 2,
    mishaps: [
      ['n2', ...WIPED],
      ['n1', ...WIPED],
    ],
  },
  {
    ...DISK,
    what: 'w=2, the master’s disk wiped: the other two are a majority, and one of them has it not',
    w: 2,
    mishaps: [['n1', ...WIPED]],
  },
  { ...MEMORY, what: 'w=1, and the only process ended', w: 1, mishaps: [['n1', 'stop']] },
  { ...DISK, what: 'w=1, and the master left', w: 1, mishaps: [['n1', 'leave']], master: 'n2' },
];

const FORBIDDEN: readonly Loss[] = [
  {
    ...DISK,
    what: 'w=1, and all processes crashed',
    w: 1,
    mishaps: [
      ['n1', 'crash'],
      ['n2', 'crash'],
    ],
  },
  { ...DISK, what: 'w=2, and the other disk wiped', w: 2, mishaps: [['n2', ...WIPED]] },
  { ...DISK, what: 'w=all, and the master’s disk wiped', w: 'all', mishaps: [['n1', ...WIPED]] },
  { ...MEMORY, what: 'w=all, and the master ended', w: 'all', mishaps: [['n1', 'crash']] },
  { ...MEMORY, what: 'w=2, and a secondary ended', w: 2, mishaps: [['n2', 'crash']] },
  {
    ...DISK,
    what: 'w=2, and the master left: of the two that stay one has it, and none can do without',
    w: 2,
    mishaps: [['n1', 'leave']],
    master: 'n2',
  },
];

describe('what is acknowledged', () => {
  test.each(ALLOWED)('may be lost: $what', (loss) => {
    const { counts, violations } = verdictOf(loss);
    expect(violations.map(({ sentence }) => sentence)).toEqual([]);
    expect(counts.excused).toBeGreaterThan(0);
  });

  test.each(FORBIDDEN)('must stay: $what', (loss) => {
    const { verdict, violations } = verdictOf(loss);
    expect(verdict).toBe('ILLEGAL');
    expect(violations[0]!.judge).toMatch(/total order|durable/);
  });

  test.each([
    { what: 'stays where masters know the size', sized: true, verdict: 'ILLEGAL' },
    { what: 'may be lost where one leads alone', sized: false, verdict: 'OK' },
  ])('when the arbiter has forgotten, what two of three have $what', ({ sized, verdict }) => {
    const run = new Recording();
    run.node('arbiter', 'start', { sized });
    run.write(message('kept'), { w: 'all' });
    run.write(message('gone'), { w: 2 });
    run.node('arbiter', 'wipe');
    run.log.length = 1;
    run.lead('n3');
    run.write(message('instead'), { w: 1, acks: ['n3'], node: 'n3' });
    const found = judge(run.end());
    expect(found.violations.length > 0 ? 'ILLEGAL' : 'OK').toBe(verdict);
  });

  test('when the arbiter has forgotten, whom it appoints twice may miss what another has', () => {
    const run = new Recording(['n1', 'n2']);
    run.node('arbiter', 'start', { sized: true });
    run.node('arbiter', 'wipe');
    run.lead('n2');
    run.write(message('gone'), { w: 1, acks: ['n1'], node: 'n1' });
    run.node('n3', 'start', { durable: true });
    run.log.length = 0;
    run.lead('n2');
    run.write(message('instead'), { w: 1, acks: ['n2'], node: 'n2' });
    expect(judge(run.end()).violations.map(({ sentence }) => sentence)).toEqual([]);
  });

  test.each([
    { what: 'a master that it does not know may go on', acks: ['n1'], forgets: true },
    { what: 'nobody goes on with a majority', acks: ['n1', 'n2'], forgets: true, judge: true },
    { what: 'where it has not, nobody goes on', acks: ['n1'], forgets: false, judge: true },
  ])('an arbiter has forgotten: $what', ({ acks, forgets, judge: isJudged = false }) => {
    const run = new Recording();
    run.node('arbiter', 'start', { sized: true });
    if (forgets) run.node('arbiter', 'wipe');
    run.lead('n3');
    const place = { acks: ['n3', 'n2'], node: 'n3' };
    run.write(message('one'), { w: 2, ...place });
    run.write(message('three'), { w: 2, ...place, first: 3, last: 3 });
    run.write(message('late'), { w: 1, acks, node: 'n1', first: 2, last: 2 });
    const sentences = judge(run.records).violations.map(({ sentence }) => sentence);
    const early = sentences.filter((sentence) => /^Index 2 was given to a write/.test(sentence));
    expect(early).toHaveLength(isJudged ? 1 : 0);
  });

  test('an answer of a master that a forgetful arbiter does not know promises nothing', () => {
    const run = new Recording();
    run.node('arbiter', 'start', { sized: true });
    run.node('arbiter', 'wipe');
    run.lead('n3');
    run.write(message('alone'), { w: 1, acks: ['n1'], node: 'n1' });
    run.log.length = 0;
    run.write(message('instead'), { w: 2, acks: ['n3', 'n2'], node: 'n3' });
    expect(judge(run.end()).violations).toEqual([]);
  });

  test('who held less than what is kept is not taken for a holder of it', () => {
    const run = new Recording(['n1', 'n2', 'n3', 'n4', 'n5']);
    run.write(message('kept'), { w: 'all' });
    run.write(message('gone'), { w: 2, acks: ['n1', 'n2'] });
    for (const node of ['n5', 'n1']) run.node(node, 'wipe');
    run.log.length = 1;
    run.lead('n3');
    run.write(message('instead'), { acks: ['n3', 'n4', 'n1'], node: 'n3' });
    const { counts, violations } = judge(run.end());
    expect([violations, counts.excused]).toEqual([[], 1]);
  });

  test('the answer to a repeated request promises what its first one did not', () => {
    const run = new Recording();
    run.write(message('one'), { outcome: 'unknown', idempotencyKey: 'k', return: null });
    run.write(message('one'), { idempotencyKey: 'k', w: 'all' });
    expect(run.records.at(-1)).toMatchObject({ duplicate: true });
    expect(judge(run.records).violations).toEqual([]);
    run.log.length = 0;
    expect(judgesOf(run.end())).toContain('durable');
  });

  test('when the arbiter has forgotten, what only the master has may be lost', () => {
    const run = new Recording();
    run.node('arbiter', 'start', { sized: true });
    run.write(message('gone'), { w: 1 });
    run.node('arbiter', 'wipe');
    run.log.length = 0;
    run.lead('n3');
    run.write(message('instead'), { w: 1, acks: ['n3'], node: 'n3' });
    expect(judge(run.end()).violations).toEqual([]);
  });

  test('a promise counts again when it is given again', () => {
    const run = new Recording();
    run.write(message('one'), { w: 1 });
    run.node('n1', 'crash');
    run.node('n1', 'wipe');
    run.log.length = 0;
    run.start('n1');
    run.lead('n1');
    run.write(message('two'), { w: 'all' });
    run.log.length = 0;
    expect(judge(run.end()).violations[0]?.judge).toBe('durable');
  });

  test('a write that was under way while a disk was wiped is promised nothing', () => {
    const run = new Recording();
    const call = run.tick();
    run.node('n1', 'crash');
    run.node('n1', 'wipe');
    run.start('n1');
    run.lead('n1');
    run.write(message('one'), { call, w: 'all' });
    run.log.length = 0;
    expect(judge(run.end()).violations).toEqual([]);
  });

  /** n1 leads again; n2 has started over with the new epoch, and shows nothing yet. */
  function startedOver(asked: 'before' | 'after') {
    const run = new Recording();
    run.write(message('one'), { w: 'all' });
    const call = run.tick();
    run.node('n1', 'crash');
    run.start('n1');
    run.lead('n1');
    run.write(message('two'), { w: 'all', ...(asked === 'before' ? { call } : {}) });
    run.read('n2', { lastIndex: 0, to: 0, commitIndex: 0 }, []);
    return judge(run.end()).violations.map((violation) => violation.judge);
  }

  test('an answer heard after another epoch has begun does not say what a node shows now', () => {
    expect(startedOver('before')).toEqual([]);
  });

  test('one that was asked for in that epoch does', () => {
    expect(startedOver('after')).toContain('durable');
  });

  /** n1 answers that n2 has an operation, right after the disk of n2 was wiped. */
  function namedAfterWipe(asked: { idempotencyKey: string } | { w: 'all' }) {
    const run = new Recording();
    const open = { outcome: 'unknown', ...asked, first: 1, last: 1, acks: ['n1', 'n2'] } as const;
    if ('idempotencyKey' in asked) run.write(message('one'), open);
    run.node('n2', 'crash');
    run.node('n2', 'wipe');
    run.write(message('one'), open);
    // It does not say that it repeats another one.
    delete (run.records.at(-1) as { duplicate?: boolean }).duplicate;
    run.start('n2');
    run.read('n2', { read: 'local' }, []);
    return judge(run.records).violations.map(({ judge: name }) => name);
  }

  test('an answer may name a node that is about to leave, and starts over when it is back', () => {
    const run = new Recording();
    run.node('n3', 'leave');
    run.write(message('one'), { w: 'all' });
    const { length } = run.records;
    run.node('n3', 'crash');
    run.start('n3');
    run.read('n3', { read: 'local' }, []);
    const broken = (records: typeof run.records): string[] =>
      judge(records).violations.map(({ judge: name }) => name);
    expect(broken(run.records)).toEqual([]);
    // One that is asked for when it is back says what it has.
    run.records.length = length + 2;
    run.write(message('two'), { w: 'all' });
    run.read('n3', { read: 'local' }, []);
    expect(broken(run.records)).toEqual(['durable']);
  });

  test('a 504 to a repeated request may name a node whose loss the master has not noticed', () => {
    expect(namedAfterWipe({ idempotencyKey: 'k' })).toEqual([]);
    expect(namedAfterWipe({ w: 'all' })).toEqual(['durable']);
  });

  test('a node that has not heard of a loss may still call it settled', () => {
    const run = new Recording();
    run.write(message('kept'), { w: 'all' });
    run.write(message('gone'), { w: 2, acks: ['n1', 'n2'] });
    const old = [...run.log];
    run.node('n1', 'crash');
    run.node('n1', 'wipe');
    run.log.length = 1;
    run.start('n1');
    run.lead('n1');
    run.write(message('instead'), { w: 2, acks: ['n1', 'n3'] });
    run.read('n2', { read: 'majority' }, old);
    expect(judge(run.end()).violations).toEqual([]);
  });

  test('two removals of one key are told apart, though they say the same', () => {
    const run = new Recording(['n1']);
    const nobody = { outcome: 'unknown' as const, code: 'write-concern-timeout', acks: [] };
    run.write(remove('a'), { ...nobody, idempotencyKey: 'k', first: 1, last: 1 });
    run.log.length = 0;
    run.node('n1', 'crash');
    run.start('n1');
    run.lead('n1');
    run.write(remove('a'), { w: 'all' });
    run.grow(remove('a'));
    run.write(remove('a'), { idempotencyKey: 'k', first: 2, last: 2, acks: ['n1'] });
    delete (run.records.at(-1) as { duplicate?: boolean }).duplicate;
    expect(judge(run.end()).violations).toEqual([]);
  });
});
