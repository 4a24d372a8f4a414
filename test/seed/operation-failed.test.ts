// Rule: OperationFailed is the answer when the master's persistence and all replicas have not
// confirmed one second after arrival; not before, and at most 0.2 s later. There is exactly one
// answer, nothing is rolled back, and what comes after the failure changes nothing for the client.

import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../process/program.ts';
import { type ScriptedCluster, Stage } from './stage.ts';

const stage = new Stage();
let cluster: ScriptedCluster;
beforeAll(async () => {
  cluster = await stage.cluster();
});
afterAll(() => stage.release());

function expectFailure({ status, body, ms, headers }: Answer, acks: string[]): void {
  expect(status).toBe(504);
  expect(headers['content-type']).toContain('application/problem+json');
  expect(body).toMatchObject({ code: 'operation-failed', result: 'OperationFailed', acks });
  expect(ms).toBeGreaterThanOrEqual(1_000);
  expect(ms).toBeLessThanOrEqual(1_200);
}

describe.concurrent('with a secondary that is silent, OperationFailed', () => {
  beforeAll(async () => {
    // The process has answered before, so that what is measured is no first time.
    await cluster.member('obedient', 'n0');
    await cluster.announce(await stage.scripted('silent', 'silent'));
  });

  test('comes between 1.0 and 1.2 s after an Insert', async () => {
    const answer = await cluster.master.put('k', 'v', { id: 'op-7' });
    expectFailure(answer, ['n1']);
    expect(answer.body).toMatchObject({ id: 'op-7', key: 'k', index: expect.any(Number) });
  });

  test('comes between 1.0 and 1.2 s after a Remove', async () => {
    const answer = await cluster.master.remove('k', { id: 8 });
    expectFailure(answer, ['n1']);
    expect(answer.body).toMatchObject({ id: 8, key: 'k', index: expect.any(Number) });
  });

  test('comes when timeoutMs says, where the client gave one', async () => {
    const answer = await cluster.master.put('k', 'v', { timeoutMs: 300 });
    expect(answer.body.result).toBe('OperationFailed');
    expect(answer.ms).toBeGreaterThanOrEqual(300);
    expect(answer.ms).toBeLessThanOrEqual(500);
  });
});

describe('G13: OperationFailed', () => {
  test('comes for each of fifty at a time, each in its own second', async () => {
    const { master, member } = cluster;
    await member('beating', 'n5');
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    // Arrival counts: the connections are there before.
    await Promise.all(keys.map((key) => master.get(key)));
    const answers = await Promise.all(keys.map((key) => master.put(key, 'v')));
    for (const answer of answers) expectFailure(answer, ['n1']);
  });

  test("comes when only the master's own persistence has not confirmed", async () => {
    const { master, member } = cluster;
    await member('obedient', 'n2');
    await master.break({ persist: { stuck: true } });
    try {
      expectFailure(await master.put('k', 'v'), ['n2']);
    } finally {
      await master.mend();
    }
  });

  test('rolls nothing back: the value stays, and reaches everyone later', async () => {
    const { master, member } = cluster;
    const n3 = await member('beating', 'n3');
    const { body } = await master.put('rolled', 'not back');
    expect(body.result).toBe('OperationFailed');
    expect(await master.value('rolled')).toBe('not back');
    const before = n3.snapshots.length;
    n3.acknowledge(await n3.snapshot(0, before + 1));
    await master.healthy(({ members }) => members[1].ackedIndex === body.index, 'n3 has it');
    expect(await master.value('rolled')).toBe('not back');
  });

  test('is the only answer, whatever arrives afterwards', async () => {
    const { master, member } = cluster;
    const n4 = await member('beating', 'n4');
    const line = await Line.to(master.url);
    stage.add(async () => line.cut());
    line.send('PUT /kv/once', JSON.stringify({ value: 'v' }));
    await line.heard('OperationFailed');
    // The late acknowledgement completes the operation; its client has been answered.
    n4.acknowledge(n4.snapshots[0]!);
    await master.healthy(({ members }) => members[1].lagEntries === 0, 'n4 has it');
    line.send('GET /kv/once', '');
    await line.heard('GetResult');
    expect(line.received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 504', 'HTTP/1.1 200']);
    expect(line.received).not.toContain('OperationAck');
  });
});

/** A bare connection, on which every byte of every answer shows. */
class Line {
  received = '';
  private readonly socket: ReturnType<typeof connect>;

  private constructor(socket: ReturnType<typeof connect>) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.received += text;
    });
  }

  static async to(url: string): Promise<Line> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    return new Line(socket);
  }

  send(target: string, body: string): void {
    const headers = `host: 127.0.0.1\r\ncontent-type: application/json\r\n`;
    const length = `content-length: ${body.length}\r\n\r\n`;
    this.socket.write(`${target} HTTP/1.1\r\n${headers}${length}${body}`);
  }

  heard(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.received.includes(text)) return;
        this.socket.off('data', look);
        resolve();
      };
      this.socket.on('data', look);
      look();
    });
  }

  cut(): void {
    this.socket.destroy();
  }
}
