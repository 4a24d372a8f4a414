// Two arbiters and three nodes, all of them processes of their own, and an etcd of the caller's.

import { join } from 'node:path';
import { expect } from 'vitest';
import { type Belongings, call, freePorts, messages, type Program, until } from './program.ts';

/** How the arbiter at `url` stands. */
async function standing(url: string): Promise<unknown> {
  const { body } = await call('GET', `${url}/health`);
  const { status } = await call('GET', `${url}/readyz`);
  const members = body.members.map(({ node }: { node: string }) => node).sort();
  return { standby: body.standby ?? false, ready: status === 200, members };
}

const IN_CHARGE = { standby: false, ready: true, members: ['n1', 'n2', 'n3'] };
const STANDS_BY = { standby: true, ready: false, members: [] };

/** The arbiter in charge stands still, then the master goes: the other arbiter gives another node
 * the office. When the first one moves again it knows its place; when the second one is stopped,
 * the first is in charge again. */
export async function takeTurns(belongings: Belongings, etcd: string): Promise<void> {
  const home = await belongings.folder();
  const port = await freePorts(5);
  const at = (nth: number): string => `http://127.0.0.1:${port + nth}`;
  const arbiter = async (nth: number): Promise<Program> => {
    const how = ['--etcd', etcd, '--secondaries', '2', '--failover', '--port', `${port + nth}`];
    const started = belongings.program(['arbiter', '--json', ...how]);
    await started.event('listening');
    return started;
  };
  const first = await arbiter(0);
  expect(await first.event('in-charge')).toMatchObject({ master: null, members: [] });
  const second = await arbiter(1);
  expect(await second.event('standby')).toMatchObject({ inCharge: at(0), reason: null });

  const both = `${at(1)},${at(0)}`;
  const nodes: Program[] = [];
  for (const nth of [1, 2, 3]) {
    const place = ['--port', `${port + 1 + nth}`, '--data-dir', join(home, `n${nth}`)];
    nodes.push(belongings.program(['node', '--json', '--id', `n${nth}`, '--join', both, ...place]));
    await nodes.at(-1)!.event('role');
  }
  const [n1, n2, n3] = [at(2), at(3), at(4)];
  const append = (url: string, message: string, w: number | string) =>
    call('POST', `${url}/messages`, { message, w, timeoutMs: 20_000 });
  expect((await append(n1, 'one', 3)).status).toBe(201);
  await until(
    async () => (await call('GET', `${n1}/health`)).body.failover,
    Boolean,
    'the master knows that it may be replaced',
  );
  expect(await standing(at(0))).toEqual(IN_CHARGE);
  expect(await standing(at(1))).toEqual(STANDS_BY);

  first.child.kill('SIGSTOP');
  const followed = await second.event('in-charge');
  expect(followed).toMatchObject({ master: 'n1', members: ['n1', 'n2', 'n3'] });
  await nodes[0]!.kill('SIGKILL');
  const leads = async (url: string): Promise<boolean> => {
    const { body } = await call('GET', `${url}/health`);
    return body.role === 'master' && body.reason === null;
  };
  const heir = await until(
    async () => ((await leads(n2)) ? n2 : (await leads(n3)) ? n3 : null),
    (url) => url !== null,
    'another node leads',
  );
  expect((await append(heir!, 'two', 2)).body.index).toBe(2);

  first.child.kill('SIGCONT');
  await first.event('standby');
  await until(
    () => standing(at(0)),
    (now) => JSON.stringify(now) === JSON.stringify(STANDS_BY),
    'the first one stands by',
  );
  const back = ['--port', `${port + 2}`, '--data-dir', join(home, 'n1')];
  const again = belongings.program(['node', '--json', '--id', 'n1', '--join', both, ...back]);
  expect(await again.event('role')).toMatchObject({ role: 'secondary' });
  expect((await append(heir!, 'three', 3)).status).toBe(201);
  for (const url of [n1, n2, n3]) expect(await messages(url)).toEqual(['one', 'two', 'three']);

  await second.kill('SIGTERM');
  await first.line((line) => line.event === 'in-charge' && line.master !== null, 'its next term');
  expect(await standing(at(0))).toEqual(IN_CHARGE);
}
