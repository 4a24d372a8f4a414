// Rule: there is one master per epoch. One that stood still while another was appointed shows no
// old value as the newest, acknowledges nothing that a majority does not have, and ends as a
// secondary.

import { afterAll, expect, test } from 'vitest';
import { call } from '../process/program.ts';
import type { RealNode } from './real-node.ts';
import { Stage } from './stage.ts';

const stage = new Stage();
afterAll(() => stage.release());

const logOf = async ({ url }: RealNode): Promise<unknown> =>
  (await call('GET', `${url}/log`)).body.entries;

test('B18, B36, B38, G10: a master that stood still while another took its place', async () => {
  const { url: arbiter } = await stage
    .program(['arbiter', '--json', '--port', '0', '--memory'])
    .event('listening');
  const start = async (id: string, ...more: string[]): Promise<RealNode> =>
    stage.node('node', id, '--join', arbiter!, ...more);
  const place = ['--data-dir', await stage.folder()];
  const n1 = await start('n1');
  await n1.healthy(({ role }) => role === 'master', 'is master');
  const others = await Promise.all([start('n2', ...place), start('n3')]);
  const [n2, n3] = others;
  expect((await n1.put('k', 'old', { w: 3, timeoutMs: 10_000 })).status).toBe(200);

  // Cut off from the others, but not from its clients.
  for (const node of others) await node.break({ dropRequest: 1, heartbeat: true });
  expect((await n1.put('k', 'alone', { w: 1 })).status).toBe(200);
  const doubtful = n1.put('doubtful', 'too', { w: 2, timeoutMs: 60_000 });
  await n1.healthy(({ lastIndex }) => lastIndex === 3, 'has both');
  n1.program.child.kill('SIGSTOP');

  // What n1 sent last may lie in the socket of n3: it is dropped before the next question's turn.
  for (let i = 0; i < 2; i += 1) await n3.health();
  await n3.mend();
  await stage.leave(arbiter!, 'n1');
  await n2.program.kill('SIGKILL');
  const master = await start('n2', ...place, '--port', new URL(n2.url).port);
  await master.healthy(({ mode }) => mode === 'read-write', 'is master in place of n1');
  expect((await master.put('k', 'new', { w: 2, timeoutMs: 10_000 })).status).toBe(200);

  // It is there already when n1 goes on: before n1 can have heard of anything.
  const reading = n1.get('k', '?read=linearizable');
  n1.program.child.kill('SIGCONT');
  const read = await reading;
  expect([read.status, read.body.code]).toEqual([503, 'not-linearizable']);
  expect((await doubtful).status).toBeGreaterThanOrEqual(500);

  await master.healthy(
    ({ members }) =>
      members.length === 3 && members.every((one: { lagEntries: number }) => one.lagEntries === 0),
    'has n1 for a secondary that has everything',
  );
  expect((await n1.health()).body.role).toBe('secondary');
  const log = await logOf(master);
  expect(log).toMatchObject([{ value: 'old' }, { value: 'new' }]);
  for (const node of [n1, n3]) expect(await logOf(node)).toEqual(log);
  expect(await n1.value('doubtful')).toBeNull();
});
