import { expect, test } from 'vitest';
import { Recording } from '../../src/chaos/recording.ts';
import { BadRecording, scriptOf } from '../../src/chaos/script.ts';

const RUN = { type: 'run', format: 1, seed: 7, nodes: ['n1', 'n2'], durationMs: 10 } as const;
const GET = { client: 'r', node: 'n1', read: 'local', key: 'k' } as const;

test('what was recorded can be played: every order with its moment, judged or not', () => {
  const judged: string[] = [];
  let text = '';
  const recording = new Recording(
    ({ type }) => judged.push(type),
    (line) => {
      text += line;
    },
  );
  const order = { via: 'n2', timeoutMs: 500, retryForMs: 0 };
  const log = { type: 'log', life: 'n1#1', call: 30, return: 31, to: 4, entries: [] } as const;
  recording.add(RUN);
  recording.add({ type: 'step', at: 5, node: 'n1', act: 'kill' });
  recording.add({
    ...{ type: 'write', client: 'w', node: 'n1', operations: [{ op: 'append', message: 'm' }] },
    ...{ idempotencyKey: 'key', w: 2, call: 20, return: null, outcome: 'unknown', order },
  });
  recording.add({
    type: 'get',
    life: 'n1#1',
    call: 10,
    return: 11,
    value: null,
    index: null,
    ...GET,
  });
  const places = { from: 2, lastIndex: 4, commitIndex: 4, limit: 9 };
  const reader = { client: 'r', node: 'n1', read: 'majority' } as const;
  recording.add({ ...log, ...reader, ...places });
  recording.add({ ...log, ...reader, ...places, final: true });
  recording.add({ type: 'miss', call: 8, order: { kind: 'get', ...GET } });
  expect(judged).toEqual(['write', 'get', 'log', 'log']);
  const script = scriptOf(text);
  expect(script.run).toEqual(RUN);
  expect(script.steps).toEqual([{ type: 'step', at: 5, node: 'n1', act: 'kill' }]);
  expect(script.writes).toEqual([
    {
      at: 20,
      order: {
        ...{ client: 'w', operations: [{ op: 'append', message: 'm' }] },
        ...{ idempotencyKey: 'key', w: 2, ...order },
      },
    },
  ]);
  expect(script.reads).toEqual([
    { at: 8, order: { kind: 'get', ...GET } },
    { at: 10, order: { kind: 'get', ...GET } },
    { at: 30, order: { kind: 'log', ...reader, from: 2, limit: 9 } },
  ]);
});

test('a file that is no recording is refused with its line', () => {
  expect(() => scriptOf('{"type":"get"}\n')).toThrow(BadRecording);
  expect(() => scriptOf(`${JSON.stringify(RUN)}\nhello`)).toThrow('line 2 is no record: not JSON');
  expect(() => scriptOf('{"a":1}')).toThrow('line 1 is no record');
  expect(() => scriptOf(JSON.stringify({ ...RUN, format: 2 }))).toThrow('format 2');
  const line = (text: object): string => `${JSON.stringify(RUN)}\n${JSON.stringify(text)}`;
  expect(() => scriptOf('{"type":"run","format":1}')).toThrow('line 1 does not say which nodes');
  expect(() => scriptOf(line({ type: 'step', at: 1, node: 'n1' }))).toThrow('line 2 does not say');
  expect(() => scriptOf(line({ type: 'miss', call: 1 }))).toThrow('line 2 does not say what was');
  const asked = { type: 'write', client: 'w', node: 'n1', idempotencyKey: 'k', w: 1, call: 1 };
  const open = { operations: [{ op: 'append', message: 'm' }], return: null, outcome: 'unknown' };
  expect(() => scriptOf(line({ ...asked, ...open }))).toThrow(
    'line 2 does not say how the write was asked for: it is no recording of `replog chaos`',
  );
});

const WRITE = {
  ...{ type: 'write', client: 'w', node: 'n1', operations: [{ op: 'append', message: 'm' }] },
  ...{ w: 1, return: null, outcome: 'unknown', order: { via: 'n1', timeoutMs: 1, retryForMs: 0 } },
};
const fileOf = (...lines: object[]): string => lines.map((line) => JSON.stringify(line)).join('\n');

test('writes are played in the order in which they were begun, without the probes', () => {
  const write = (idempotencyKey: string, call: number, client = 'w') => ({
    ...{ ...WRITE, idempotencyKey, call, client },
  });
  const file = fileOf(RUN, write('b', 20), write('p', 30, 'probe'), write('a', 10));
  expect(scriptOf(file).writes.map(({ at, order }) => [at, order.idempotencyKey])).toEqual([
    [10, 'a'],
    [20, 'b'],
  ]);
});

test.each([
  ['which nodes ran', { ...RUN, nodes: [] }],
  ['which nodes ran', { ...RUN, nodes: [1] }],
  ['which nodes ran', { ...RUN, nodes: ['n1', 'n1'] }],
  ['which nodes ran', { ...RUN, nodes: Array.from({ length: 102 }, (_, n) => `n${n + 1}`) }],
  ['how long', { ...RUN, durationMs: -1 }],
  ['how long', { ...RUN, durationMs: 1e300 }],
  ['the seed', { ...RUN, seed: 0.5 }],
  ['who took over', { ...RUN, nodes: ['n1', 'n2', 'n3'], failover: 'yes' }],
  ['how one of two took over', { ...RUN, failover: true }],
  ['which nodes ran', { ...RUN, format: undefined }],
])('a run that does not say %s cannot be played: %j', (_, run) => {
  expect(() => scriptOf(fileOf(run))).toThrow('line 1 does not say which nodes ran');
});

test('another format is named, whatever else it says', () => {
  expect(() => scriptOf('{"type":"run","format":2}')).toThrow('format 2 is not known here');
});

test('a write without a key cannot be asked for again', () => {
  const file = fileOf(RUN, { ...WRITE, idempotencyKey: null, call: 1 });
  expect(() => scriptOf(file)).toThrow('line 2 is a write without a key');
});

const STEP = { type: 'step', at: 1, node: 'n1', act: 'kill' };
const missed = (order: object) => ({
  ...{ type: 'miss', call: 1, order: { kind: 'log', ...GET, from: 1, limit: 9, ...order } },
});
const keyed = (order: object, more = {}) => ({
  ...{ ...WRITE, idempotencyKey: 'k', call: 1, order: { ...WRITE.order, ...order }, ...more },
});
const PUT = { op: 'put', key: 'k', value: 'v' };

test.each([
  ['a step for a node that is not there', { ...STEP, node: 'n9' }, 'is for the node n9'],
  ['a step beyond all time', { ...STEP, at: 1e300 }, 'is of no moment'],
  ['a step without a moment', { ...STEP, at: undefined }, 'is of no moment'],
  ['a fault that is none', { ...STEP, act: 'fault', kind: 'hold' }, 'does not say what was done'],
  ['a fault without a name', { ...STEP, act: 'fault', faults: {} }, 'does not say what was done'],
  ['a read of a node that is not there', missed({ node: 'n9' }), 'is for the node n9'],
  ['a page without a beginning', missed({ from: 0 }), 'does not say what was read'],
  ['a page without a limit', missed({ limit: 1e9 }), 'does not say what was read'],
  ['a read of no level', missed({ read: 'any' }), 'does not say what was read'],
  ['a key that is none', missed({ kind: 'get', key: 5 }), 'does not say what was read'],
  ['a write at a node that is not there', keyed({ via: 'n9' }), 'is for the node n9'],
  ['a write without a limit', keyed({ timeoutMs: '1' }), 'does not say how the write'],
  ['a write that is tried for ever', keyed({ retryForMs: 1e99 }), 'does not say how the'],
  ['a batch of anything', keyed({}, { operations: [PUT, PUT] }), 'has a batch that is not of'],
  ['a second run', RUN, 'begins a second run'],
])('%s: nothing is played', (_, line, why) => {
  expect(() => scriptOf(fileOf(RUN, line))).toThrow(`line 2 ${why}`);
});
