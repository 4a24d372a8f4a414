// The course's acceptance run, on real processes.

import { afterEach, describe, expect, test } from 'vitest';
import { Belongings, call, freePorts, messages, type Program, until } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

interface Trio {
  readonly master: string;
  readonly second: string;
  readonly third: string;
  startSecond(): Promise<Program>;
  startThird(): Promise<Program>;
}

/** A master configured for two secondaries, one of which runs. */
async function trio(): Promise<Trio> {
  const port = await freePorts(3);
  const url = (i: number): string => `http://127.0.0.1:${port + i}`;
  const start = async (args: string[]): Promise<Program> => {
    const program = belongings.program([...args, '--json']);
    await program.event('listening');
    return program;
  };
  await start(['master', '--port', String(port), '--secondaries', '2', '--memory']);
  const secondary = (i: number): Promise<Program> =>
    start([
      'secondary',
      '--join',
      url(0),
      '--port',
      String(port + i),
      '--id',
      `n${i + 1}`,
      '--memory',
      '--faults',
    ]);
  return {
    master: url(0),
    second: url(1),
    third: url(2),
    startSecond: () => secondary(1),
    startThird: () => secondary(2),
  };
}

const append = (url: string, message: string, w: number, timeoutMs?: number) =>
  call('POST', `${url}/messages`, { message, w, ...(timeoutMs === undefined ? {} : { timeoutMs }) });

async function acked(master: string, node: string): Promise<number | null> {
  const { body } = await call('GET', `${master}/health`);
  return body.members.find((member: { node: string }) => member.node === node)?.ackedIndex ?? null;
}

describe('acceptance run', () => {
  test('Msg3 with w=3 waits for the other secondary, and holds up nobody', async () => {
    const { master, second, third, startSecond, startThird } = await trio();
    await startSecond();
    await until(() => acked(master, 'n2'), (index) => index === 0, 'n2 is a member');

    expect((await append(master, 'Msg1', 1)).status).toBe(201);
    expect((await append(master, 'Msg2', 2)).body).toMatchObject({ index: 2, acks: ['n1', 'n2'] });
    let answered = false;
    const third3 = append(master, 'Msg3', 3).then((answer) => {
      answered = true;
      return answer;
    });
    expect((await append(master, 'Msg4', 1)).status).toBe(201);
    expect(answered).toBe(false);
    await until(() => messages(second), (list) => list.length === 4, 'n2 lists all four');
    expect(answered).toBe(false);

    await startThird();
    expect((await third3).body).toMatchObject({ index: 3, w: 3, acks: ['n1', 'n2', 'n3'] });
    const all = ['Msg1', 'Msg2', 'Msg3', 'Msg4'];
    for (const node of [master, second, third]) {
      await until(() => messages(node), (list) => list.length === 4, `${node} lists all four`);
      expect(await messages(node)).toEqual(all);
    }
  });

  test.each(['killed', 'paused'])('the other secondary was %s meanwhile', async (how) => {
    const { master, second, third, startSecond, startThird } = await trio();
    await startSecond();
    const victim = await startThird();
    await until(() => acked(master, 'n2'), (index) => index === 0, 'n2 is a member');
    await until(() => acked(master, 'n3'), (index) => index === 0, 'n3 is a member');
    expect((await append(master, 'Msg1', 3)).status).toBe(201);
    if (how === 'killed') await victim.kill('SIGKILL');
    else victim.child.kill('SIGSTOP');

    expect((await append(master, 'Msg2', 2)).status).toBe(201);
    let answered = false;
    const waiting = append(master, 'Msg3', 3).then((answer) => {
      answered = true;
      return answer;
    });
    expect((await append(master, 'Msg4', 1)).status).toBe(201);
    expect(answered).toBe(false);

    // A node that was killed comes back with an empty memory; one that was paused, with all it had.
    if (how === 'killed') await startThird();
    else victim.child.kill('SIGCONT');
    expect((await waiting).body.acks).toEqual(['n1', 'n2', 'n3']);
    for (const node of [master, second, third]) {
      await until(() => messages(node), (list) => list.length === 4, `${node} lists all four`);
      expect(await messages(node)).toEqual(['Msg1', 'Msg2', 'Msg3', 'Msg4']);
    }
  });
});
