// Scenario files: what is one, and what is said of a file that is none: the line, and what was
// expected there.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SHIPPED, shippedFolder, shippedScenario } from '../../src/scenarios/catalogue.ts';
import { InvalidScenario, parseScenario } from '../../src/scenarios/scenario-file.ts';
import { tellStep } from '../../src/scenarios/telling.ts';

const GOOD = `title: a test
rule:
  guarantee: G8
  text: nothing in particular
cluster: { secondaries: 1, storage: durable, w: 2 }
steps:
  - append: Msg1
    w: 2
    as: one
    say: A message.
  - answer: one
    within: 2.5s
    expect: { status: [200, 201], took: 1s..1.2s, index: 1.. }
`;

/** Nine lists, each of ten times the one before it. */
const ALIASES = Array.from({ length: 9 }, (_, n) => {
  const items = Array.from({ length: 10 }, () => (n === 0 ? 'x' : `*a${n - 1}`));
  return `a${n}: &a${n} [${items.join(', ')}]`;
}).join('\n');

function faultsOf(text: string): string[] {
  try {
    parseScenario(text, 'my.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof InvalidScenario)) throw error;
    return error.message.split('\n');
  }
}

describe('a scenario file', () => {
  test('becomes a scenario, its times in milliseconds', () => {
    const scenario = parseScenario(GOOD, '/somewhere/my.yaml');
    expect(scenario).toMatchObject({
      name: 'my',
      cluster: { secondaries: 1, storage: 'durable', w: '2', failover: false },
      steps: [
        { verb: 'append', append: 'Msg1', w: 2, as: 'one' },
        {
          verb: 'answer',
          within: 2_500,
          expect: {
            took: { min: 1_000, max: 1_200 },
            index: { min: 1, max: Number.POSITIVE_INFINITY },
          },
        },
      ],
    });
    expect(scenario.lineOf(['steps', 1, 'expect', 'took'])).toBe(13);
    expect(scenario.lineOf(['steps', 0])).toBe(7);
  });

  const mistakes: [what: string, from: string, to: string, said: RegExp][] = [
    ['broken YAML', 'cluster: {', 'cluster: [', /^my\.yaml:5: /],
    ['no title', 'title: a test\n', '', /^my\.yaml:1: title: expected a title$/],
    ['no guarantee', 'G8', 'eight', /^my\.yaml:3: .*expected a guarantee, G1 to G24$/],
    ['an unknown field', '    w: 2\n', '    ww: 2\n', /^my\.yaml:8: "ww" has no place here$/],
    [
      'an unknown verb',
      '- append: Msg1',
      '- apend: Msg1',
      /^my\.yaml:7: "apend" is no verb; .*append/,
    ],
    [
      'a name that no object can hold',
      '    say: A message.',
      '    __proto__: A message.',
      /^my\.yaml:10: __proto__ cannot stand here: take another name$/,
    ],
    ['two verbs', '    w: 2\n', '    kill: n2\n', /^my\.yaml:8: expected one verb in a step/],
    [
      'a wrong type',
      'w: 2\n    as',
      'w: most\n    as',
      /^my\.yaml:8: w: expected a number of nodes/,
    ],
    ['a time without a unit', '2.5s', '"2.5"', /^my\.yaml:12: within: expected a time like 500ms/],
    ['a range upside down', '1s..1.2s', '2s..1s', /^my\.yaml:13: .*expected a range of times/],
    [
      'a name that is unknown',
      'answer: one',
      'answer: two',
      /^my\.yaml:11: no step above is "as: two"/,
    ],
    ['an answer nobody awaits', '  - answer: one', '  - pending: one', /^my\.yaml:1[0-9]: /],
    [
      'a step that is none',
      '  - answer: one\n',
      '  - just words\n  - answer: one\n',
      /^my\.yaml:11: expected a step/,
    ],
    [
      'a text that is a number',
      'append: Msg1',
      'append: 5',
      /^my\.yaml:7: append: expected a text; a number needs quotes$/,
    ],
    [
      'a status that is none',
      'status: [200, 201]',
      'status: "200"',
      /^my\.yaml:13: expect\.status: expected an HTTP status like 201/,
    ],
    [
      'too many secondaries',
      'secondaries: 1',
      'secondaries: 9',
      /^my\.yaml:5: cluster\.secondaries: expected a number from 0 to 8$/,
    ],
    [
      'a request to a node that is not there',
      '    w: 2\n',
      '    at: n3\n',
      /^my\.yaml:8: there is no node "n3" here, only n1 n2$/,
    ],
    [
      'something done to such a node',
      '  - answer: one\n',
      '  - kill: [n2, arbiter]\n  - answer: one\n',
      /^my\.yaml:11: there is no node "arbiter" here, only n1 n2$/,
    ],
    [
      'something expected of such a node',
      'index: 1..',
      'acks: [n1, n4]',
      /^my\.yaml:13: there is no node "n4" here/,
    ],
    [
      'a table with such a node',
      '  - answer: one\n',
      '  - check: { messages: { n1: [Msg1], n5: [] } }\n  - answer: one\n',
      /^my\.yaml:11: there is no node "n5" here/,
    ],
    [
      'a node that is added twice',
      '  - answer: one\n',
      '  - add: n2\n  - answer: one\n',
      /^my\.yaml:11: n2 is there already$/,
    ],
    ['a batch of nothing', 'append: Msg1', 'batch: []', /^my\.yaml:7: .*at least one text$/],
    [
      'a check of nothing',
      '  - answer: one\n',
      '  - check: {}\n  - answer: one\n',
      /^my\.yaml:11: check: expected something that must hold/,
    ],
    [
      'an answer of which nothing is expected',
      '{ status: [200, 201], took: 1s..1.2s, index: 1.. }',
      '{}',
      /^my\.yaml:13: expect: expected something that the answer must be/,
    ],
    [
      'a fault that is none',
      '  - answer: one\n',
      '  - check: { hits: { n2: { errorafter: 1 } } }\n  - answer: one\n',
      /^my\.yaml:11: "errorafter" has no place here$/,
    ],
    [
      'a new node whose name is no id',
      '  - answer: one\n',
      '  - add: Bad Name\n  - answer: one\n',
      /^my\.yaml:11: add: expected an id of a-z, 0-9 and -, like n4$/,
    ],
    [
      'a step that only tells',
      '  - answer: one\n',
      '  - say: words\n  - answer: one\n',
      /^my\.yaml:11: expected a verb in this step; there are: append/,
    ],
    [
      'a default that the cluster has not the nodes for',
      'w: 2 }',
      'w: 3 }',
      /^my\.yaml:5: w is 3, but the cluster has only 2 nodes$/,
    ],
    [
      'a text that is nested beyond all measure',
      'append: Msg1',
      `append: ${'['.repeat(20_000)}`,
      /^my\.yaml:7: what is here is nested too deeply$/,
    ],
    [
      'aliases that stand for more than there is memory',
      'title: a test',
      `title: a test\n${ALIASES}`,
      /^my\.yaml:3: aliases from here on \(\*name\) stand for too much/,
    ],
    ['two scenarios', GOOD, `${GOOD}---\n${GOOD}`, /^my\.yaml:14: expected one scenario/],
    ['no steps', GOOD.slice(GOOD.indexOf('steps:')), 'steps: []\n', /^my\.yaml:6: /],
  ];

  test.each(mistakes)('is refused with file and line: %s', (_, from, to, said) => {
    const [first] = faultsOf(GOOD.replace(from, to));
    expect(first).toMatch(said);
  });

  test('may name a node that a step above has added, and one that has left', () => {
    const steps =
      '  - add: n3\n  - kill: n3\n  - leave: n2\n  - check: { last-index: { n2: 1.. } }\n';
    expect(faultsOf(GOOD + steps)).toEqual([]);
    expect(faultsOf(GOOD + steps.replace('  - add: n3\n', ''))).toHaveLength(1);
  });

  test('that is nested too deeply is refused for that alone', () => {
    const text = GOOD.replace('append: Msg1', `append: ${'['.repeat(20_000)}`);
    expect(faultsOf(text)).toHaveLength(1);
  });

  test('is refused for all its mistakes at once', () => {
    const text = GOOD.replace('w: 2\n    as', 'w: most\n    as').replace('2.5s', 'soon');
    expect(faultsOf(text)).toHaveLength(2);
  });
});

describe('the shipped scenarios', () => {
  const guarantees = readFileSync(new URL('../../docs/guarantees.md', import.meta.url), 'utf8');

  test('are all in the catalogue', () => {
    const files = readdirSync(shippedFolder()).filter((file) => file.endsWith('.yaml'));
    expect(files.toSorted()).toEqual(SHIPPED.map((name) => `${name}.yaml`).toSorted());
  });

  test.each(SHIPPED)('%s names its rule, begins with a word, and expects something', (name) => {
    const { rule, steps, title, intro, outro } = shippedScenario(name);
    expect(guarantees).toContain(`**${rule.guarantee}**`);
    expect(steps[0]).toHaveProperty('say');
    const expecting = steps.filter(
      (step) => 'expect' in step || step.verb === 'check' || step.verb === 'wait-until',
    );
    expect(expecting.length).toBeGreaterThanOrEqual(5);
    // One line of `replog demo --list` at 80 columns.
    expect(title.length).toBeLessThanOrEqual(44);
    // A reader at a terminal of 80 × 24 needs all of a part on one screen, and a minute for all.
    const texts = steps.flatMap((step) => [step.say, step.why, step.look]);
    const characters = [title, intro, outro, rule.text, ...texts].join('').length;
    expect(characters).toBeLessThan(1_500);
    for (const step of steps) expect(tellStep(step)).not.toContain('undefined');
  });
});
