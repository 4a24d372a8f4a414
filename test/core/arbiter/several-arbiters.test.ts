// Nodes that know several arbiters, of which one is in charge.

import { describe, expect, test } from 'vitest';
import { Arbiter } from '../../../src/core/arbiter/arbiter.ts';
import type { Farewell } from '../../../src/core/arbiter/joiner.ts';
import { epoch, incarnation, logIndex, nodeId } from '../../../src/core/ids.ts';
import type { Join, Response } from '../../../src/core/messages.ts';
import { Applicant } from './applicant.ts';

const STANDBY: Response = { type: 'Refused', code: 'standby' };
const NO_MASTER: Response = { type: 'Refused', code: 'no-master' };

const secondary = (term?: string): Response => ({
  type: 'JoinedSecondary',
  epoch: epoch(4),
  master: { node: nodeId('n1'), url: 'n1' },
  ...(term === undefined ? {} : { term }),
});

/** Whom it has asked so far. */
const asked = ({ calls }: Applicant): string[] => calls.map(({ to }) => to);

const notes = ({ bench }: Applicant) =>
  bench.performed.flatMap((effect) => (effect.type === 'Note' ? [effect.note] : []));

describe('a node that knows several arbiters', () => {
  test.each([
    ['stands by', (node: Applicant) => node.answer(STANDBY)],
    ['is not there', (node: Applicant) => node.fail()],
    ['is none', (node: Applicant) => node.answer({ type: 'Refused', code: 'no-arbiter' })],
  ])('asks the next where one %s, again and again', (_, settle) => {
    const node = new Applicant(null, ['a', 'b', 'c']);
    node.joiner.plan(0);
    for (let i = 0; i < 4; i += 1) {
      node.run(150);
      settle(node);
    }
    expect(asked(node)).toEqual(['a', 'b', 'c', 'a']);
  });

  test.each([
    ['a role', secondary()],
    ['that there is no master', NO_MASTER],
    ['that it is of another cluster', { type: 'Refused', code: 'wrong-cluster', cluster: 'c' }],
  ] as const)('stays with the one that is in charge, which says %s', (_, answer) => {
    const node = new Applicant(null, ['a', 'b']);
    node.joiner.plan(0);
    node.run(150);
    node.answer(STANDBY);
    for (let i = 0; i < 3; i += 1) {
      node.joiner.plan(node.now + 100);
      node.run(150);
      node.answer(answer);
    }
    expect(asked(node)).toEqual(['a', 'b', 'b', 'b']);
  });

  test('one Join is under way at a time, whoever is asked', () => {
    const node = new Applicant(null, ['a', 'b']);
    node.joiner.plan(0);
    node.run(0);
    node.joiner.plan(10);
    node.run(60_000);
    expect(asked(node)).toEqual(['a']);
  });

  test('that one stands by, or is gone, is no news while another may be in charge', () => {
    const node = new Applicant(null, ['a', 'b']);
    node.joiner.plan(0);
    node.run(150);
    node.fail();
    node.run(150);
    node.answer(secondary());
    node.look();
    expect(notes(node)).toEqual([]);
  });

  test('that none of them is there is news at once, and once', () => {
    const node = new Applicant(null, ['a', 'b']);
    node.joiner.plan(0);
    for (let i = 0; i < 6; i += 1) {
      node.run(150);
      node.fail();
    }
    node.look();
    expect(notes(node)).toMatchObject([{ event: 'unanswered', by: 'a' }]);
  });

  test.each([0, 1])(
    'why one gives no answer is told, whichever of them stands by (%i)',
    (first) => {
      const node = new Applicant(null, ['a', 'b']);
      node.joiner.plan(0);
      for (let i = 0; i < 6; i += 1) {
        node.run(150);
        if (i % 2 === first) node.answer(STANDBY);
        else node.fail();
      }
      node.look();
      expect(notes(node)).toMatchObject([{ event: 'unanswered', by: 'ba'[first] }]);
    },
  );

  test('that none is in charge is news when it has lasted for 5 s', () => {
    const node = new Applicant(null, ['a', 'b']);
    node.joiner.plan(0);
    const told = (until: number): number => {
      while (node.now < until) {
        node.run(150);
        node.answer(STANDBY);
      }
      node.look();
      return notes(node).length;
    };
    expect([told(5_000), told(5_800), told(20_000)]).toEqual([0, 1, 1]);
    expect(notes(node)).toMatchObject([{ event: 'refused', by: 'b', code: 'standby' }]);
  });

  test.each([
    ['takes note', { type: 'Left' }, 'left'],
    ['stands by as well', STANDBY, 'refused'],
    ['is not there either', null, 'unknown'],
  ] as const)('leaving, it asks each once: the last one %s', (_, answer, outcome) => {
    const node = new Applicant(null, ['a', 'b']);
    const told: Farewell[] = [];
    node.joiner.leave((farewell) => told.push(farewell));
    node.look();
    node.answer(STANDBY);
    node.look();
    if (answer === null) node.fail();
    else node.answer(answer);
    node.look();
    expect(asked(node)).toEqual(['a', 'b']);
    expect(told).toEqual([outcome]);
  });

  test('a Leave that one may have taken is unknown, though the others stand by', () => {
    const node = new Applicant(null, ['a', 'b', 'c']);
    const told: Farewell[] = [];
    node.joiner.leave((farewell) => told.push(farewell));
    node.look();
    node.fail();
    node.look();
    node.answer(STANDBY);
    node.look();
    node.answer(STANDBY);
    expect(asked(node)).toEqual(['a', 'b', 'c']);
    expect(told).toEqual(['unknown']);
  });

  test('of a silent master it names the term that it was told last, if any', () => {
    const node = new Applicant(null, ['a', 'b']);
    const says = (answer: Response): Join => {
      node.joiner.plan(node.now);
      node.run(0);
      node.answer(answer);
      return node.calls.at(-1)!.request as Join;
    };
    expect(says(secondary('t1'))).not.toHaveProperty('term');
    expect(says(secondary('t1'))).not.toHaveProperty('term');
    node.silent = true;
    expect(says(secondary('t2')).term).toBe('t1');
    expect(says(secondary()).term).toBe('t2');
    expect(says(secondary())).not.toHaveProperty('term');
  });
});

describe('an arbiter in one of its terms', () => {
  const arbiterIn = (term: string): Arbiter => {
    const settings = { size: 3, cluster: null, newCluster: null, prefer: null, failoverMs: 2_000 };
    const arbiter = new Arbiter({ ...settings, term }, null);
    for (const id of ['n1', 'n2', 'n3']) arbiter.join(join(id, { epoch: epoch(0) }));
    arbiter.noted(arbiter.announcement!, { established: ['n1', 'n2', 'n3'].map(nodeId) });
    return arbiter;
  };

  const join = (id: string, more: Partial<Join> = {}): Join => ({
    type: 'Join',
    node: nodeId(id),
    url: id,
    incarnation: incarnation(id),
    epoch: epoch(1),
    lastIndex: logIndex(0),
    acceptedEpoch: epoch(1),
    ...more,
  });

  test('says which one it is to those that may report, not to the master', () => {
    const arbiter = arbiterIn('t1');
    expect(arbiter.join(join('n2'))).toMatchObject({ type: 'JoinedSecondary', term: 't1' });
    expect(arbiter.join(join('n1'))).not.toHaveProperty('term');
    expect(arbiter.announcement).not.toHaveProperty('term');
  });

  test('G24: a word of silence of an earlier term may have been taken back, and counts not', () => {
    const arbiter = arbiterIn('t2');
    const silent = (id: string, asked: number, term?: string) =>
      arbiter.join(
        join(id, { masterSilent: true, asked, ...(term === undefined ? {} : { term }) }),
        1_000 + asked,
      ).type;
    expect(silent('n2', 1, 't2')).toBe('JoinedSecondary');
    expect(silent('n3', 2, 't1')).toBe('JoinedSecondary');
    expect(silent('n3', 3)).toBe('JoinedSecondary');
    expect(silent('n3', 4, 't2')).toBe('JoinedMaster');
  });

  test('what was said is taken back whatever term that names', () => {
    const arbiter = arbiterIn('t2');
    const says = (id: string, masterSilent: boolean, asked: number, term: string) =>
      arbiter.join(join(id, { masterSilent, asked, term }), 1_000 + asked).type;
    expect(says('n2', true, 1, 't2')).toBe('JoinedSecondary');
    expect(says('n2', false, 2, 't3')).toBe('JoinedSecondary');
    expect(says('n3', true, 3, 't2')).toBe('JoinedSecondary');
  });
});
