// What a step is said to do: as it can be typed, if it can, and nothing that is not so.

import { expect, test } from 'vitest';
import { answerText } from '../../src/scenarios/answer.ts';
import { parseScenario } from '../../src/scenarios/scenario-file.ts';
import { tellStep } from '../../src/scenarios/telling.ts';

/** What is told of the steps of a scenario of three nodes. */
function told(steps: string, secondaries?: readonly string[]): string[] {
  const head = 'title: t\nrule: { guarantee: G1, text: t }\nsteps:\n';
  return parseScenario(head + steps, 'my.yaml').steps.map((step) => tellStep(step, secondaries));
}

test.each([
  ['- append: a b\n  w: 3\n  timeout: 500ms', "replog append 'a b' --w 3 --timeout 500ms"],
  ['- append: at $5\n  idempotency-key: a b', "replog append 'at $5' --key 'a b'"],
  ["- put: k\n  value: it's\n  id: a b", "replog kv put k 'it'\\''s' --id 'a b'"],
  ['- put: k{n}\n  value: a {n}\n  times: 2', "for n = 1 to 2: replog kv put k{n} 'a {n}'"],
  ['- put: k\n  value: v\n  id: 7', 'replog kv put k v --id 7'],
  ['- get: k\n  id: 7\n  at: n2', 'replog kv get k --id 7   (asked of n2)'],
  ['- batch: [a, b]\n  w: 1', 'replog append a b --w 1   (one batch)'],
  ['- append: m{n}\n  times: 5', 'for n = 1 to 5: replog append m{n}'],
  ['- append: m{n}\n  times: 5\n  clients: 2', 'for n = 1 to 5, 2 at once: replog append m{n}'],
  ['- append: m\n  times: 5\n  clients: 9', '5 times, all at once: replog append m'],
  ['- fault: n2\n  with: { seed: 1, times: 2, persist: { fail: 0.5 } }'].concat(
    'replog fault n2 persist-fail=0.5 times=2 seed=1',
  ),
  ['- clear: [n2, n3]', 'replog fault n2 clear   (n3 likewise)'],
  ['- check: { hits: { n2: { dropReply: 1.. } } }'].concat(
    'check: n2 met the fault drop-reply (at least 1)',
  ),
  ['- wait-until: { mode: read-only }\n  then: { alive: 1 }'].concat(
    'wait until the master is read-only; and then: nodes alive: 1',
  ),
])('%s', (step, line) => {
  expect(told(step!)).toEqual([line]);
});

test('secondaries are named: no command knows them by that word', () => {
  const steps = ['- fault: secondaries\n  with: { hold: true }', '- clear: secondaries']
    .concat(['pause', 'resume', 'stop', 'start', 'restart'].map((verb) => `- ${verb}: secondaries`))
    .concat('- kill: [n1, secondaries]');
  expect(told(steps.join('\n'), ['n2', 'n3'])).toEqual([
    'replog fault n2 hold   (n3 likewise)',
    'replog fault n2 clear   (n3 likewise)',
    'replog pause n2 n3   (it stands still, like a hung machine)',
    'replog resume n2 n3',
    'replog stop n2 n3',
    'replog start n2 n3',
    'replog restart n2 n3',
    'replog kill n1 n2 n3   (kill -9)',
  ]);
});

test('requests that are awaited later are all sent at once', () => {
  const [sent, awaited] = told('- append: m{n}\n  times: 3\n  as: all\n- answer: all');
  expect(sent).toBe(
    'for n = 1 to 3, all at once: replog append m{n}   (goes on meanwhile, as "all")',
  );
  expect(awaited).toBe('wait for the answer to "all"');
});

test('an answer shows what the narration speaks of', () => {
  const answer = { status: 201, tookMs: 12.4, sent: true };
  const body = { index: 3, acks: ['n2', 'n1'], durable: true, id: 'x' };
  expect(answerText({ ...answer, body })).toBe(
    '201 · durable · id "x" · index 3 · on n1 n2 · after 12 ms',
  );
});
