// The player: every step does what it says, and every expectation notices when it is not so. Played
// on a cluster in memory, in virtual time.

import { describe, expect, test } from 'vitest';
import type { Call, Reply } from '../../src/client/wire/link.ts';
import { performScenario } from '../../src/scenarios/performance.ts';
import type { Report, Verdict } from '../../src/scenarios/report.ts';
import { parseScenario } from '../../src/scenarios/scenario-file.ts';
import { FakeStage } from './fake-stage.ts';

const HEAD = `title: a test
rule: { guarantee: G1, text: nothing in particular }
steps:
`;

interface Played {
  readonly verdict: Verdict;
  readonly reports: readonly Report[];
  readonly stage: FakeStage;
}

async function play(
  steps: string,
  prepare: (stage: FakeStage) => void = () => {},
  narrated = false,
): Promise<Played> {
  const scenario = parseScenario(`${HEAD}${steps}`, 'test.yaml');
  const stage = new FakeStage();
  prepare(stage);
  const reports: Report[] = [];
  const verdict = await performScenario(scenario, {
    openStage: async () => stage,
    tell: async (report) => void reports.push(report),
    narrated,
    signal: new AbortController().signal,
    now: () => stage.now(),
  });
  return { verdict, reports, stage };
}

/** Changes the members of the bodies of some answers. */
function alter(
  fits: (node: string, call: Call) => boolean,
  change: (body: Record<string, unknown>) => object,
): (stage: FakeStage) => void {
  return (stage) => {
    stage.distort = (node, call, reply): Reply =>
      fits(node, call)
        ? {
            ...reply,
            body: {
              ...(reply.body as object),
              ...change(structuredClone(reply.body) as Record<string, unknown>),
            },
          }
        : reply;
  };
}

const writes = (_: string, { method, path }: Call): boolean =>
  method !== 'GET' && path !== '/faults';
const reads =
  (path: string, at?: string) =>
  (node: string, call: Call): boolean =>
    call.method === 'GET' && call.path.startsWith(path) && (at === undefined || at === node);

describe('a scenario that holds', () => {
  test('tells of secondaries by the names that they have then', async () => {
    const { verdict, reports } = await play(`
  - leave: n2
  - pause: secondaries
  - resume: secondaries
  - append: a
    w: 2
    expect: { status: 201 }
`);
    expect(verdict).toMatchObject({ ok: true });
    const told = reports.flatMap((report) => (report.type === 'step' ? [report.does] : []));
    expect(told.slice(1, 3)).toEqual([
      'replog pause n3   (it stands still, like a hung machine)',
      'replog resume n3',
    ]);
  });

  test('passes, step by step, and leaves its stage', async () => {
    const steps = `
  - append: Msg1
    w: 3
    expect: { status: 201, index: 1, acks: [n1, n2, n3], took: ..1s }
  - fault: n3
    with: { hold: true }
  - append: Msg{n}
    times: 3
    w: 3
    as: waiting
  - wait-until: { messages: { n2: { count: 4 } } }
  - check: { messages: { n3: [Msg1] }, attempts: { n3: 3 }, hits: { n3: { hold: 1 } } }
    during: 200ms
  - check: { beginning: n3 }
  - pending: waiting
  - put: colour
    value: blue
    expect: { status: 504, result: OperationFailed, acks: [n1, n2], took: 1s..1.1s }
  - clear: n3
  - answer: waiting
    expect: { status: 201, acks-count: 3 }
  - kill: n3
  - check: { status: { n3: Unhealthy }, silence: { n3: 4s.. }, alive: 2, state: { n3: exited } }
  - start: n3
  - restart-empty: n2
  - add: n4
  - check: { size: 4, members: [n1, n2, n3, n4], caught-up: all, same: all }
  - leave: n4
  - check: { keys: { all: { colour: blue, size: null } } }
  - check: { transitions: { n3: [Unhealthy, Healthy] } }
`;
    const { verdict, stage } = await play(steps);
    expect(verdict).toMatchObject({ ok: true });
    expect(stage.ended).toBe(true);
  });

  test('tells parts, logs with signs, and the verdict', async () => {
    const steps = `
  - fault: n3
    with: { hold: true }
    say: n3 is deaf.
  - append: Msg1
    w: 1
    say: A message.
`;
    const { reports } = await play(steps, undefined, true);
    expect(reports.map(({ type }) => type)).toEqual([
      ...['opening', 'running', 'step', 'logs', 'step', 'outcome', 'logs', 'logs', 'verdict'],
    ]);
    const logs = reports.filter((report) => report.type === 'logs');
    const states = logs[1]!.table.rows.map(({ cells }) => cells.map(({ state }) => state));
    expect(states).toEqual([['there'], ['there'], ['absent']]);
  });
});

describe('an expectation that does not hold', () => {
  const failures: [
    what: string,
    steps: string,
    prepare: (stage: FakeStage) => void,
    line: number,
    expected: RegExp,
  ][] = [
    [
      'status',
      '  - append: a\n    expect:\n      status: 201',
      (stage) => {
        stage.distort = (node, call, reply) =>
          writes(node, call) ? { ...reply, status: 500 } : reply;
      },
      6,
      /status 201/,
    ],
    ['index', '  - append: a\n    expect: { index: 2 }', () => {}, 5, /index 2/],
    [
      'acks',
      '  - append: a\n    expect: { acks: [n1, n2, n3] }',
      alter(writes, () => ({ acks: ['n1', 'n2'] })),
      5,
      /acks n1 n2 n3/,
    ],
    [
      'acks-count, each node counted once',
      '  - append: a\n    expect: { acks-count: 3 }',
      alter(writes, () => ({ acks: ['n1', 'n2', 'n2'] })),
      5,
      /acks-count 3/,
    ],
    [
      'took',
      '  - put: a\n    value: b\n    w: 1\n    expect: { took: 1s.. }',
      () => {},
      7,
      /took at least 1,000 ms/,
    ],
    ['duplicate', '  - append: a\n    expect: { duplicate: true }', () => {}, 5, /duplicate true/],
    [
      'pending',
      '  - append: a\n    as: one\n  - sleep: 10ms\n  - pending: one\n  - answer: one',
      () => {},
      7,
      /no answer to "one" yet/,
    ],
    [
      'an answer in time',
      '  - kill: n2\n  - append: a\n    w: all\n    as: one\n  - answer: one\n    within: 2s',
      () => {},
      8,
      /an answer within 2000 ms/,
    ],
    [
      'messages',
      '  - append: a\n  - check:\n      messages:\n        n1: [a]\n        n2: [a]',
      alter(reads('/messages', 'n2'), () => ({ messages: [] })),
      8,
      /n2 to list a/,
    ],
    [
      'once',
      '  - append: a\n  - check: { messages: { all: { once: true } } }',
      alter(reads('/messages', 'n3'), () => ({ messages: ['a', 'a'] })),
      5,
      /n3 to list each message once/,
    ],
    [
      'same',
      '  - append: a\n  - check: { same: all }',
      alter(reads('/log', 'n3'), () => ({ entries: [], lastIndex: 0 })),
      5,
      /n3 to have 1 .* as n1 does/,
    ],
    [
      'beginning',
      '  - append: a\n  - check: { beginning: secondaries }',
      alter(reads('/log', 'n2'), ({ entries }) => ({
        entries: (entries as object[]).map((entry) => ({ ...entry, message: 'b' })),
      })),
      5,
      /n2 to have 1 .*"a".* as the master does/,
    ],
    [
      'keys',
      '  - put: k\n    value: v\n  - check: { keys: { n2: { k: v } } }',
      alter(reads('/kv', 'n2'), () => ({ value: 'old' })),
      6,
      /k = v on n2/,
    ],
    ['last-index', '  - check: { last-index: { n1: 1 } }', () => {}, 4, /n1 to end at index 1/],
    ['status', '  - check: { status: { n2: Suspected } }', () => {}, 4, /n2 to be Suspected/],
    [
      'a look that comes too early',
      `  - pause: n2
  - wait-until: { status: { n2: Unhealthy } }
    then: { silence: { n2: 6s.. } }`,
      () => {},
      6,
      /n2 to have been silent for at least 6,000 ms/,
    ],
    ['mode', '  - kill: [n2, n3]\n  - check: { mode: read-write }', () => {}, 5, /read-write/],
    ['alive', '  - kill: n2\n  - check: { alive: 3 }', () => {}, 5, /3 nodes alive/],
    [
      'transitions',
      '  - kill: n2\n  - check: { transitions: { n2: [] } }',
      () => {},
      5,
      /nothing new/,
    ],
    ['hits', '  - check: { hits: { n2: { hold: 1.. } } }', () => {}, 4, /hold to strike n2/],
    ['attempts', '  - check: { attempts: { n2: 1.. } }', () => {}, 4, /copies sent to n2/],
    ['state', '  - check: { state: { n2: paused } }', () => {}, 4, /process of n2 to be paused/],
    ['members', '  - check: { members: [n1, n2] }', () => {}, 4, /the members n1 n2/],
    [
      'caught-up',
      `  - fault: n2
    with: { hold: true }
  - append: a
    w: 1
  - check: { caught-up: n2 }`,
      () => {},
      8,
      /n2 to have everything up to index 1/,
    ],
    [
      'something that never comes',
      '  - wait-until: { last-index: { n1: 1 } }\n    within: 300ms',
      () => {},
      4,
      /within 300 ms/,
    ],
    [
      'a time that it should have taken',
      '  - wait-until: { last-index: { n1: 0 } }\n    took: 1s..',
      () => {},
      5,
      /at least 1,000 ms/,
    ],
    [
      'a process that ends by itself',
      '  - sleep: 1s',
      (stage) => void stage.trouble.push('n2 ended (SIGABRT)'),
      4,
      /all processes to live on/,
    ],
  ];

  test.each(failures)('%s', async (_, steps, prepare, line, expected) => {
    const { verdict, stage } = await play(`${steps}\n`, prepare);
    expect(verdict).toMatchObject({ ok: false, line });
    expect(verdict.ok === false && verdict.expected).toMatch(expected);
    expect(stage.ended).toBe(true);
  });
});

describe('a scenario in which nothing is acknowledged', () => {
  const refuse = (stage: FakeStage): void => {
    const call = stage.call.bind(stage);
    stage.call = async (node, asked) => {
      if (!writes(node, asked)) return call(node, asked);
      const body = { code: 'no-quorum', alive: 1, needed: 2, missing: ['n2', 'n3'] };
      return { url: `http://${node}${asked.path}`, status: 503, headers: new Headers(), body };
    };
  };

  test('passes if it says so of every write', async () => {
    const steps = `
  - append: a
    expect: { code: no-quorum }
  - append: b
    as: b
  - answer: b
    expect: { status: 503 }
`;
    const { verdict } = await play(steps, refuse);
    const sentence =
      'no write was acknowledged, and none was to be: 2 refused, of which nothing is in a log';
    expect(verdict).toMatchObject({ ok: true, proved: [sentence, expect.anything()] });
  });

  test('passes if it has none', async () => {
    const { verdict } = await play('  - check: { alive: 3 }\n');
    expect(verdict).toMatchObject({ ok: true });
  });

  test('fails if it does not, and says how', async () => {
    const steps = '  - append: a\n    expect: { code: no-quorum }\n  - append: b\n';
    const { verdict } = await play(steps, refuse);
    const expected = expect.stringContaining('`expect` says');
    expect(verdict).toMatchObject({ ok: false, seen: 'no write was acknowledged', expected });
  });

  test('and if what was refused is in a log all the same', async () => {
    const lie = (stage: FakeStage): void => {
      stage.distort = (node, call, reply) =>
        writes(node, call) ? { ...reply, status: 503, body: { code: 'no-quorum' } } : reply;
    };
    const { verdict } = await play('  - append: a\n    expect: { status: 503 }\n', lie);
    expect(verdict).toMatchObject({ ok: false, expected: '"no ghost"' });
  });
});

describe('what no step has asked for', () => {
  test('a write that was acknowledged and is gone is found at the end', async () => {
    const lose = alter(reads('/log'), () => ({ entries: [], lastIndex: 0 }));
    const { verdict } = await play('  - append: a\n    expect: { status: 201 }\n', lose);
    expect(verdict).toMatchObject({ ok: false });
  });

  test('a message that is there twice is found at the end', async () => {
    const twice = alter(reads('/log'), ({ entries }) => {
      const [entry] = entries as object[];
      if (entry === undefined) return {};
      return { entries: [entry, { ...entry, index: 2 }], lastIndex: 2, commitIndex: 2 };
    });
    const { verdict } = await play('  - append: a\n', twice);
    expect(verdict).toMatchObject({ ok: false });
  });

  test('a log that shrinks is found at the end', async () => {
    let reading = 0;
    const shrink = alter(reads('/log', 'n2'), ({ entries }) => {
      reading += 1;
      const shown = (entries as object[]).slice(0, reading === 2 ? 1 : 2);
      return { entries: shown, lastIndex: shown.length };
    });
    const steps = `
  - append: a
    w: 3
  - append: b
    w: 3
  - wait-until: { last-index: { n2: 2 } }
  - wait-until: { last-index: { n2: 1 } }
`;
    const { verdict } = await play(steps, shrink);
    expect(verdict).toMatchObject({ ok: false });
  });
});

test('an interrupted scenario ends its stage', async () => {
  const scenario = parseScenario(`${HEAD}  - sleep: 1s\n`, 'test.yaml');
  const stage = new FakeStage();
  const end = new AbortController();
  const played = performScenario(scenario, {
    openStage: async () => stage,
    tell: async ({ type }) => {
      if (type === 'step') end.abort(new Error('enough'));
    },
    narrated: false,
    signal: end.signal,
    now: () => stage.now(),
  });
  await expect(played).rejects.toThrow('enough');
  expect(stage.ended).toBe(true);
});
