import { expect, test } from 'vitest';
import {
  EXIT,
  endingOf,
  Interrupted,
  NotRunning,
  Refused,
  Undecided,
  UsageError,
} from '../../src/cli/exit.ts';
import {
  InvalidIdempotencyKey,
  InvalidKey,
  InvalidUrl,
  OutcomeUnknown,
  UnexpectedAnswer,
  Unreachable,
} from '../../src/client/errors.ts';
import { problemOf } from '../../src/client/problems.ts';
import { PROBLEMS } from '../../src/node/http/problems.ts';
import { failureOf } from '../../src/persistence/disk/storage-failure.ts';

function problem(status: number, code: string, members: Record<string, unknown> = {}) {
  return problemOf(status, { code, title: code, detail: `${code}.`, ...members }, null);
}

test.each([
  [new Refused('no'), 1],
  [problem(400, 'invalid-request'), 1],
  [problem(503, 'no-quorum'), 1],
  [problem(503, 'no-master'), 1],
  [problem(401, 'unauthorized'), 1],
  [problem(412, 'precondition-failed'), 1],
  [new UsageError('what?'), 2],
  [new InvalidKey('.'), 2],
  [new InvalidUrl('x'), 2],
  [Object.assign(new Error('taken'), { code: 'EADDRINUSE' }), 2],
  [new Unreachable('http://x', new Error('ECONNREFUSED')), 3],
  [new UnexpectedAnswer('http://x', 200, 'HTML'), 3],
  [new NotRunning('no cluster'), 3],
  [new OutcomeUnknown('k', new Error('closed')), 4],
  [problem(504, 'write-concern-timeout', { index: 3 }), 4],
  [problem(504, 'operation-failed', { index: 3 }), 4],
  [new Undecided('slow'), 4],
  [new Interrupted('SIGINT'), 130],
  [new Interrupted('SIGTERM'), 143],
  [new Error('anything'), 1],
  ['not even an error', 1],
])('%s ends with %d', (error, code) => {
  expect(endingOf(error).code).toBe(code);
});

test('a full disk is said in words, also where a node’s disk says it', () => {
  const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', path: 'x' });
  expect(endingOf(full).sentence).toBe('there is no room left on the disk for x');
  const { code, hint, sentence } = endingOf(failureOf(full));
  expect([code, sentence]).toEqual([1, 'there is no room left on the disk']);
  expect(hint).toContain('make room');
});

test('a time limit that ran out says what is stored, and that it goes on', () => {
  const error = problem(504, 'write-concern-timeout', { index: 7, w: 'all', acks: ['n1', 'n2'] });
  expect(endingOf(error).sentence).toBe(
    'timed out: stored as index 7, acks so far n1 n2 (w=all); it goes on replicating',
  );
});

test('a missing quorum says who is missing', () => {
  const ending = endingOf(
    problem(503, 'no-quorum', { alive: 1, needed: 2, missing: ['n2', 'n3'] }),
  );
  expect(ending.sentence).toContain('1 alive, 2 needed, missing n2 n3; nothing was written');
  expect(ending.hint).toContain('replog start n2');
});

test('an unknown outcome gives the key, the index if there is one, and what to do', () => {
  const ending = endingOf(new OutcomeUnknown('k1', new Error('socket closed'), 9));
  expect(ending.sentence).toMatch(/socket closed.*outcome unknown.*index 9.*k1/);
  expect(ending.hint).toContain('replog outcome k1');
});

test('a key is named as a shell takes it', () => {
  const { hint } = endingOf(new OutcomeUnknown("Ann's order", new Error('socket closed'), 9));
  expect(hint).toMatch(/^`replog outcome 'Ann'\\''s order'` tells/);
});

test('an invalid request says where', () => {
  const errors = [{ path: 'w', message: 'must be positive' }];
  expect(endingOf(problem(400, 'invalid-request', { errors })).sentence).toContain(
    'w: must be positive',
  );
});

test('nobody there leads to `replog cluster`', () => {
  const ending = endingOf(new Unreachable('http://127.0.0.1:4000', new Error('refused')));
  expect(ending.sentence).toBe('nothing answers at http://127.0.0.1:4000 (refused)');
  expect(ending.hint).toContain('`replog cluster`');
  expect(ending.code).toBe(EXIT.unreachable);
});

test('one mistake in a request is said once', () => {
  const errors = [{ path: 'node', message: 'must be a node id' }];
  const detail = 'node: must be a node id.';
  const { sentence } = endingOf(problem(400, 'invalid-request', { detail, errors }));
  expect(sentence).toBe('node: must be a node id');
});

test.each([
  [problem(400, 'invalid-request'), '--help'],
  [problem(400, 'write-concern-unsatisfiable'), 'replog add'],
  [problem(422, 'idempotency-key-reused'), '--key'],
  [problem(409, 'conflict'), 'replog ps'],
  [problem(412, 'precondition-failed'), 'replog kv get'],
  [problem(503, 'recovering'), 'replog health'],
  [problem(503, 'not-ready'), 'replog health'],
  [new UsageError('what?'), '--help'],
  [new InvalidUrl('x'), 'replog ps'],
  [new InvalidIdempotencyKey('ü'), '--key'],
  [Object.assign(new Error('open'), { code: 'ENOENT', path: '/no/file' }), 'folder that exists'],
])('%s has a hint', (error, hint) => {
  expect(endingOf(error).hint).toContain(hint);
});

test.each([
  ...Object.entries(PROBLEMS).map(([code, { status }]) => [code, status] as const),
  ['a-code-to-come', 418] as const,
])('whatever refuses a command, there is a hint: %s', (code, status) => {
  expect(endingOf(problem(status, code)).hint).toMatch(/\w/);
});

test('a host that the node does not answer for: how it would', () => {
  expect(endingOf(problem(421, 'unknown-host')).hint).toContain('--allow-host');
});

test('a file that cannot be used is named, with the reason, and is a matter of usage', () => {
  const error = Object.assign(new Error('open'), { code: 'ENOENT', path: '/no/file' });
  expect(endingOf(error)).toMatchObject({
    code: EXIT.usage,
    sentence: '/no/file cannot be used: there is no such file or folder',
  });
});

test('a current folder that was removed is said so, and is a matter of usage', () => {
  const error = Object.assign(new Error('uv_cwd'), { code: 'ENOENT', syscall: 'uv_cwd' });
  expect(endingOf(error)).toMatchObject({
    code: EXIT.usage,
    sentence: 'the current folder was removed',
    hint: expect.stringContaining('`cd` into one'),
  });
});

test('a path where nothing is, is no riddle', () => {
  expect(endingOf(problem(404, 'not-found')).hint).toContain(
    'the URL of a node ends with its port',
  );
});
