import { expect, onTestFinished, test, vi } from 'vitest';
import { register as append } from '../../src/cli/commands/append.ts';
import { register as explain } from '../../src/cli/commands/explain.ts';
import { register as whatIf } from '../../src/cli/commands/what-if.ts';
import { deadUrl, sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

const at = (ms: number): string => new Date(Date.parse('2030-01-01') + ms).toISOString();
const line = (start: number, ms: number, event: string, text: string) => {
  return { at: at(start + ms), ms, event, peer: null, text };
};

/** A secondary at `url`, whose story begins 5 ms after the master's, and a master that knows it. */
async function cluster() {
  const second = await startStub((hit, response) => {
    if (!hit.path.endsWith('/story')) return sendProblem(response, 404, 'not-found');
    const lines = [line(5, 0, 'arrived', 'Arrived.'), line(5, 2.5, 'appended', 'There.')];
    sendJson(response, 200, { index: 4, node: 'n2', complete: true, lines });
  });
  const dead = await deadUrl();
  const master = await startStub((hit, response) => {
    const member = (node: string, url: string, status = 'Healthy') => {
      const zero = { lastHeartbeatMs: 0, ackedIndex: 4, lagEntries: 0, lagMs: 0, attempts: 0 };
      const rest = { since: at(0), retryInMs: null, lastError: null, ...zero };
      return { node, url, role: node === 'n1' ? 'master' : 'secondary', status, ...rest };
    };
    if (hit.path === '/health') {
      sendJson(response, 200, {
        ...{ node: 'n1', role: 'master', epoch: 1, mode: 'read-write', reason: null },
        ...{ lastIndex: 4, commitIndex: 4, quorum: { size: 3, needed: 2, alive: 2 } },
        members: [
          member('n3', dead, 'Unhealthy'),
          member('n2', second.url),
          member('n1', master.url),
        ],
      });
    } else if (hit.path === '/log/4/story') {
      const long = `A sentence that ${'goes on and '.repeat(8)}ends \u001b[31mred.`;
      const lines = [line(0, 0, 'received', long), line(0, 7, 'answered', 'Answered.')];
      sendJson(response, 200, { index: 4, node: 'n1', complete: false, lines });
    } else if (hit.path === '/log/4') {
      sendJson(response, 200, { index: 4, epoch: 1, at: at(0), op: 'append', message: 'hi' });
    } else sendProblem(response, 404, 'not-found');
  });
  return master;
}

test('explain: an index that is none is refused by its name', async () => {
  const ran = await runCommand(explain, 'explain', 'x');
  expect([ran.code, ran.out]).toEqual([2, '']);
  expect(ran.err).toContain('replog: index: "x" is not a whole number from 1 on\n');
});

test('explain: a terminal is told in whole words who did what, and who said nothing', async () => {
  const { isTTY, columns } = process.stdout;
  onTestFinished(() => void Object.assign(process.stdout, { isTTY, columns }));
  vi.stubEnv('NO_COLOR', '1');
  Object.assign(process.stdout, { isTTY: true, columns: 50 });
  const { url } = await cluster();
  const lines = (await runCommand(explain, 'explain', '4', '--url', url)).out.split('\n');
  const first = lines.findIndex((text) => text.startsWith('n3 did not tell'));
  const remark = lines.slice(first, lines.indexOf('not all is known any more on n1'));
  expect(remark.length).toBeGreaterThan(1);
  for (const text of remark) expect(text).toMatch(/^\S.{0,49}$/);
  expect(lines.slice(2, 6)).toEqual([
    '0.0 ms  n1  A sentence that goes on and goes on',
    '            and goes on and goes on and goes on',
    '            and goes on and goes on and goes on',
    '            and ends ␛[31mred.',
  ]);
});

test('explain: a node of an earlier version is not said to lack what it has', async () => {
  const { url } = await startStub((hit, response) => {
    if (hit.path !== '/log/4') return sendProblem(response, 404, 'not-found');
    sendJson(response, 200, { index: 4, epoch: 1, at: at(0), op: 'append', message: 'hi' });
  });
  const ran = await runCommand(explain, 'explain', '4', url);
  expect([ran.code, ran.out]).toEqual([1, '']);
  expect(ran.err).toContain('it has the operation, but its version of replog tells no lives');
  expect(ran.err).not.toContain('there is no operation');
});

test('explain: a secondary tells what it knows where its master does not answer', async () => {
  const master = { node: 'n1', url: await deadUrl() };
  const { url } = await startStub((hit, response) => {
    const lines = [line(0, 0, 'arrived', 'Arrived.')];
    if (hit.path === '/health') sendJson(response, 200, { node: 'n2', role: 'secondary', master });
    else if (!hit.path.endsWith('/story')) sendProblem(response, 404, 'not-found');
    else sendJson(response, 200, { index: 4, node: 'n2', complete: true, lines });
  });
  const { code, out } = await runCommand(explain, 'explain', '4', '--url', url);
  expect(code).toBe(0);
  expect(out).toMatch(/n2 {2}Arrived\.\n\nn1 did not tell: nothing answers at http/);
});

test('explain: the stories of all nodes by time, in 80 columns, and who said nothing', async () => {
  const { url } = await cluster();
  const ran = await runCommand(explain, 'explain', '4', '--url', url);
  expect(ran.err).toBe('');
  expect(ran.code).toBe(0);
  const lines = ran.out.split('\n');
  expect(lines[0]).toBe('operation 4: append "hi", epoch 1');
  expect(lines.slice(2, 8)).toEqual([
    '0.0 ms  n1  A sentence that goes on and goes on and goes on and goes on and goes',
    '            on and goes on and goes on and goes on and ends ␛[31mred.',
    '5.0 ms  n2  Arrived.',
    '7.0 ms  n1  Answered.',
    '7.5 ms  n2  There.',
    '',
  ]);
  expect(lines[8]).toMatch(/^n3 did not tell: nothing answers at http/);
  expect(lines[9]).toBe('not all is known any more on n1');
  expect(lines.every((text) => text.length <= 80 || text.startsWith('n3'))).toBe(true);
});

test('explain --json: one object; one node by its name', async () => {
  const { url } = await cluster();
  const ran = await runCommand(explain, 'explain', '4', 'n2', '--json', '--url', url);
  const told = JSON.parse(ran.out);
  expect(told).toMatchObject({ index: 4, complete: true, missing: [] });
  expect(told.lines.map(({ node, ms }: { node: string; ms: number }) => [node, ms])).toEqual([
    ['n2', 0],
    ['n2', 2.5],
  ]);
});

test('explain: where no node answers it is exit 3', async () => {
  const ran = await runCommand(explain, 'explain', '4', await deadUrl());
  expect(ran).toMatchObject({ code: 3, out: '' });
  expect(ran.err).toMatch(/^replog: nobody could tell of index 4 .*\nhint: `replog ps` shows who/);
});

test('explain: what nobody knows is refused, what is no index is misused', async () => {
  const { url } = await cluster();
  const unknown = await runCommand(explain, 'explain', '5', 'n1', '--url', url);
  expect([unknown.code, unknown.err]).toEqual([
    1,
    expect.stringMatching(/^replog: there is no operation 5\nhint: /),
  ]);
  expect((await runCommand(explain, 'explain', 'x', '--url', url)).code).toBe(2);
});

test('append --dry-run asks the master and appends nothing', async () => {
  const master = await cluster();
  const ran = await runCommand(append, 'append', '--dry-run', '--w', '3', '--url', master.url);
  expect(ran.code).toBe(0);
  expect(ran.out).toMatch(
    /^would wait for n3, Unhealthy for .*\nsatisfiable now: w ≤ 2\nkilling n2/,
  );
  expect(master.hits.map(({ method }) => method)).toEqual(['GET']);
  const nothing = await runCommand(append, 'append', '--url', master.url);
  expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('message')]);
});

test('append prints the receipt under the acknowledgement', async () => {
  const stub = await startStub((_, response) => {
    const stored = { index: 12, w: 2, acks: ['n1', 'n2'], durable: true, ms: 2 };
    sendJson(response, 201, { ...stored, receipt: 'on disk on n1 and n2 of 3' });
  });
  const ran = await runCommand(append, 'append', 'a', '--url', stub.url);
  expect(ran.out).toBe('12  acks n1 n2 (w=2, durable, 2 ms)\n    on disk on n1 and n2 of 3\n');
  expect(stub.hits[0]?.headers.prefer).toBe('receipt');
});

test('what-if: several nodes, by name or role; what cannot be foreseen is misused', async () => {
  const { url } = await cluster();
  const ran = await runCommand(whatIf, 'what-if', 'kill', 'n2', 'n3', '--json', '--url', url);
  expect(JSON.parse(ran.out)).toMatchObject({
    what: 'kill',
    nodes: ['n2', 'n3'],
    mode: 'read-only',
    alive: 1,
    needed: 2,
  });
  // The master has them in the order in which they joined.
  expect(ran.out).toContain('until one of n2 and n3 is back');
  const single = await runCommand(whatIf, 'what-if', 'kill', 'n1', '--url', url);
  expect(single.out).toContain('no writes until n1 is started again: ');
  expect((await runCommand(whatIf, 'what-if', 'eat', 'n2', '--url', url)).code).toBe(2);
  expect((await runCommand(whatIf, 'what-if', 'kill', 'n9', '--url', url)).code).toBe(2);
});
