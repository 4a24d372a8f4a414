// What is asked for an open panel, and for messages that wait.

import { expect, test } from 'vitest';
import type { OwnWrite } from '../../src/dashboard/cluster/cluster-state.ts';
import { answers, observing } from './observing.ts';

const EVIL = 'a\u0007';
const HARMLESS = 'a␇';

function looking(path: RegExp, answer: () => unknown) {
  const looked = observing((url) => (path.test(url.pathname) ? answer() : answers(url)));
  const asked = (): string[] => {
    const found = looked.asked.filter((one) => path.test(new URL(`http://${one}`).pathname));
    looked.asked.length = 0;
    return found;
  };
  const rounds = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) await looked.observer.round();
  };
  return { ...looked, paths: asked, rounds };
}

const refusal = (detail: string) => () =>
  new Response(JSON.stringify({ code: 'overloaded', detail }), {
    ...{ status: 503, headers: { 'content-type': 'application/problem+json' } },
  });

test('faults are asked for again every four rounds', async () => {
  const { paths, rounds } = looking(/\/faults$/, () => ({ faults: {}, hits: {} }));
  await rounds(5);
  expect(paths()).toHaveLength(3);
  await rounds(1);
  expect(paths()).toHaveLength(3);
});

test('keys: at once, then now and then, cleaned, and whether there are more', async () => {
  const items = [{ key: EVIL, value: EVIL, index: 1 }];
  const { wanted, store, paths, rounds } = looking(/\/kv$/, () => ({ items, next: 'b' }));
  await rounds(3);
  wanted.keys = 'n2';
  await rounds(1);
  expect(paths()).toHaveLength(1);
  expect(store.state.keys).toEqual({
    ...{ node: 'n2', more: true, error: null },
    items: [{ key: HARMLESS, value: HARMLESS, index: 1 }],
  });
  await rounds(1);
  expect(paths()).toEqual([]);
  await rounds(1);
  expect(paths()).toHaveLength(1);
});

test('a story: at once, then now and then, cleaned; of who is asked without a master', async () => {
  const line = { at: 'x', ms: 0, event: 'received', peer: null, text: EVIL };
  const story = { index: 7, node: 'n1', complete: true, lines: [line] };
  const { wanted, store, paths, rounds } = looking(/\/story$/, () => story);
  await rounds(3);
  wanted.story = 7;
  await rounds(1);
  expect(paths()).toHaveLength(1);
  expect(store.state.story).toMatchObject({ state: 'told', lines: [{ text: HARMLESS }] });
  await rounds(1);
  expect(paths()).toEqual([]);
  await rounds(1);
  expect(paths()).toHaveLength(1);
  const headless = observing((url) => {
    if (url.pathname.endsWith('/story')) return story;
    const answer = answers(url) as object;
    if (url.pathname !== '/health') return answer;
    return { ...answer, role: 'secondary', master: null };
  });
  headless.wanted.story = 7;
  await headless.observer.round();
  expect(headless.store.state.story).toMatchObject({ index: 7, state: 'told' });
});

test('output: 300 lines of it, cleaned; or why there is none, cleaned', async () => {
  let isThere = true;
  const output = { node: 'n2', first: 1, lines: [EVIL] };
  const { wanted, store, paths, rounds } = looking(/\/output$/, () =>
    isThere ? output : refusal(EVIL)(),
  );
  wanted.output = 'n2';
  await rounds(1);
  expect(paths()).toEqual(['4003/cluster/nodes/n2/output?lines=300']);
  expect(store.state.output).toEqual({ ...output, lines: [HARMLESS], error: null });
  isThere = false;
  await rounds(1);
  expect(store.state.output).toMatchObject({ lines: [], error: expect.stringContaining('␇') });
});

const own = (key: string): OwnWrite => ({
  ...{ key, message: 'm', w: 3, state: 'waiting', index: null, acks: [] },
  ...{ sentAt: 0, ms: null, error: null },
});

test('the four newest messages that wait, as long as they do', async () => {
  const outcome = { state: 'stored', index: 9, acks: ['n1'] };
  const { store, paths, observer, rounds } = looking(/\/outcomes\//, () => {
    store.report({ type: 'write', write: { ...own('k5'), state: 'done' } });
    return outcome;
  });
  await rounds(1);
  for (let i = 1; i <= 5; i += 1) store.report({ type: 'write', write: own(`k${i}`) });
  await observer.round();
  expect(paths().map((path) => path.split('/').at(-1))).toEqual(['k2', 'k3', 'k4', 'k5']);
  const known = store.state.own.map(({ key, state, index }) => [key, state, index]);
  // What ended while it was asked about is not made to wait again.
  expect(known).toEqual([
    ['k1', 'waiting', null],
    ...['k2', 'k3', 'k4'].map((key) => [key, 'waiting', 9]),
    ['k5', 'done', null],
  ]);
});
