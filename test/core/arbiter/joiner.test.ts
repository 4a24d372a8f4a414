import { describe, expect, test } from 'vitest';
import type { Farewell } from '../../../src/core/arbiter/joiner.ts';
import { epoch, type NodeId, nodeId } from '../../../src/core/ids.ts';
import type { Join, Response } from '../../../src/core/messages.ts';
import { entries } from '../bench.ts';
import { Applicant } from './applicant.ts';

const master = { node: 'n1' as NodeId, url: 'n1' };

describe('Joiner', () => {
  test('of a silent master it says what is durable here, and not what is on its way there', () => {
    const node = new Applicant();
    node.bench.ledger.append(entries(4, 5));
    node.silent = true;
    node.joiner.plan(0);
    node.run(0);
    expect(node.calls[0]!.request).toMatchObject({ lastIndex: 5, durableIndex: 3 });
  });

  test('says who it is, which life, and what it has seen', () => {
    const node = new Applicant('secondary');
    node.joiner.plan(0);
    node.run(0);
    expect(node.calls).toMatchObject([{ to: 'arbiter' }]);
    expect(node.calls[0]!.request as Join).toEqual({
      type: 'Join',
      node: 'n2',
      url: 'n2',
      incarnation: 'n2#1',
      epoch: 4,
      lastIndex: 3,
      wants: 'secondary',
    });
  });

  test('asks until it is answered: one Join at a time, 100 ms after each failure', () => {
    const node = new Applicant();
    node.joiner.plan(0);
    node.run(1_000);
    expect(node.calls.map(({ at }) => at)).toEqual([0]);
    for (let i = 0; i < 3; i += 1) {
      node.fail();
      node.run(150);
    }
    expect(node.calls.map(({ at }) => at)).toEqual([0, 1_100, 1_250, 1_400]);
    const answer: Response = { type: 'JoinedSecondary', epoch: epoch(4), master };
    node.answer(answer);
    expect(node.joined).toEqual([answer]);
    expect(node.joiner.idle).toBe(true);
    node.run(60_000);
    expect(node.calls).toHaveLength(4);
  });

  test('what is planned while a Join is under way waits for its answer', () => {
    const node = new Applicant();
    node.joiner.plan(0);
    node.run(0);
    node.joiner.plan(10);
    expect(node.joiner.deadline()).toBe(Number.POSITIVE_INFINITY);
    node.now = 20;
    node.joiner.wake(20);
    node.look();
    expect(node.calls).toHaveLength(1);
    node.answer({ type: 'JoinedSecondary', epoch: epoch(4), master });
    node.run(0);
    expect(node.calls.map(({ at }) => at)).toEqual([0, 20]);
  });

  test('who wants no role in particular says nothing of that', () => {
    const node = new Applicant();
    node.joiner.plan(0);
    node.run(0);
    expect(node.calls[0]!.request).not.toHaveProperty('wants');
  });

  test('of an answer that is none to a Join, it is told which one it was', () => {
    const node = new Applicant();
    node.joiner.plan(0);
    node.run(0);
    node.answer({ type: 'Left' });
    node.look();
    const notes = node.bench.performed.filter((effect) => effect.type === 'Note');
    expect(notes).toMatchObject([{ note: { event: 'refused', code: 'Left' } }]);
  });

  test('a refusal is told once, and asked again', () => {
    const node = new Applicant();
    node.joiner.plan(0);
    for (let i = 0; i < 5; i += 1) {
      node.run(150);
      node.answer({ type: 'Refused', code: 'wrong-cluster', cluster: 'c-1' });
    }
    node.look();
    const notes = node.bench.performed.filter((effect) => effect.type === 'Note');
    expect(notes).toMatchObject([{ note: { event: 'refused', code: 'wrong-cluster' } }]);
    expect(node.calls).toHaveLength(5);
  });

  test('that there is no master is told when it has lasted for 5 s', () => {
    const node = new Applicant();
    node.joiner.plan(0);
    const refusals = (until: number): number => {
      while (node.now < until) {
        node.run(150);
        node.answer({ type: 'Refused', code: 'no-master' });
      }
      node.look();
      return node.bench.performed.filter((effect) => effect.type === 'Note').length;
    };
    expect([refusals(5_000), refusals(5_500), refusals(20_000)]).toEqual([0, 1, 1]);
  });

  test('of two plans the earlier one holds', () => {
    const node = new Applicant();
    node.joiner.plan(500);
    node.joiner.plan(200);
    node.joiner.plan(900);
    expect(node.joiner.deadline()).toBe(200);
    expect(node.joiner.idle).toBe(false);
  });

  test('leaving: the plan to join is dropped, and whether the arbiter took note is told', () => {
    const node = new Applicant();
    node.joiner.plan(10);
    const told: Farewell[] = [];
    node.joiner.leave((outcome) => told.push(outcome));
    node.look();
    expect(node.calls[0]!.request).toEqual({ type: 'Leave', node: nodeId('n2') });
    node.answer({ type: 'Left' });
    expect(told).toEqual(['left']);
    expect(node.joiner.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    [
      'answered',
      (node: Applicant) => node.answer({ type: 'JoinedSecondary', epoch: epoch(4), master }),
    ],
    ['lost', (node: Applicant) => node.fail()],
  ])('leaving waits until a Join under way is %s, which could come behind it', (_, settle) => {
    const node = new Applicant();
    node.joiner.plan(0);
    node.run(0);
    const told: Farewell[] = [];
    node.joiner.leave((outcome) => told.push(outcome));
    node.look();
    expect(node.calls.map(({ request }) => request.type)).toEqual(['Join']);
    settle(node);
    node.look();
    expect(node.calls.map(({ request }) => request.type)).toEqual(['Join', 'Leave']);
    node.answer({ type: 'Refused', code: 'no-arbiter' });
    expect(told).toEqual(['refused']);
    expect(node.joined).toEqual([]);
    expect(node.joiner.deadline()).toBe(Number.POSITIVE_INFINITY);
    // It stays, and takes the answer to its next Join.
    node.joiner.plan(node.now);
    node.run(0);
    node.answer({ type: 'JoinedSecondary', epoch: epoch(4), master });
    expect(node.joined).toHaveLength(1);
  });

  test('leaving, when the arbiter has none of it', () => {
    const node = new Applicant();
    const told: Farewell[] = [];
    node.joiner.leave((outcome) => told.push(outcome));
    node.look();
    node.answer({ type: 'Refused', code: 'no-arbiter' });
    expect(told).toEqual(['refused']);
  });

  test('leaving, when the arbiter cannot be reached', () => {
    const node = new Applicant();
    const told: Farewell[] = [];
    node.joiner.leave((outcome) => told.push(outcome));
    node.look();
    node.fail();
    expect(told).toEqual(['unknown']);
  });
});
