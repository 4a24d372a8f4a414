// The audit of 10,000 acknowledgements in a trace of system calls. The rule: no answer to a client,
// and no SnapshotAck, leaves a node before the synced write of its record has returned there.

import { join } from 'node:path';
import { Pool } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { Group } from '../process/group.ts';
import { Belongings } from '../process/program.ts';
import { Tracer, whyNot } from './call-trace.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const ACKNOWLEDGEMENTS = 10_000;
const CLIENTS = 32;

/** Appends with w=2; returns the indexes that were acknowledged. */
async function append(url: string): Promise<number[]> {
  const pool = new Pool(url, { connections: CLIENTS });
  const indexes: number[] = [];
  let sent = 0;
  const client = async (): Promise<void> => {
    while (sent < ACKNOWLEDGEMENTS) {
      sent += 1;
      const body = JSON.stringify({ message: `message ${sent}`, w: 2 });
      const headers = { 'content-type': 'application/json' };
      const answer = await pool.request({ method: 'POST', path: '/messages', headers, body });
      const { index } = (await answer.body.json()) as { index: number };
      expect(answer.statusCode).toBe(201);
      indexes.push(index);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  await pool.close();
  return indexes;
}

describe('B08, G1, G12: a trace of the system calls of three nodes', () => {
  test('none of 10,000 acknowledgements left before the sync of its record', async ({ skip }) => {
    const reason = whyNot();
    if (reason !== null) skip(reason);
    const group = await Group.start(belongings, { durable: true });
    const folder = await belongings.folder();
    const tracers = await Promise.all(
      group.places.map((place) =>
        Tracer.attach(group.program(place).child.pid!, join(folder, `n${place}.trace`)),
      ),
    );
    const indexes = await append(group.master);
    await group.caughtUp();
    const traces = await Promise.all(tracers.map((tracer) => tracer.detach()));
    const durable = traces.map((trace) => trace.durable());

    const answers = traces[0]!.answers();
    expect(answers.map(({ index }) => index).sort(rising)).toEqual(indexes.sort(rising));
    let judged = 0;
    const early: string[] = [];
    for (const { index, acks, left } of answers) {
      for (const node of acks) {
        judged += 1;
        const at = durable[Number(node.slice(1)) - 1]!.get(index);
        if (at === undefined || at > left) early.push(`${index} for ${node}: ${at}, left ${left}`);
      }
    }
    expect(early.slice(0, 10)).toEqual([]);
    expect(judged).toBeGreaterThanOrEqual(2 * ACKNOWLEDGEMENTS);

    const offsets = traces[0]!.offsets();
    for (const place of group.places.slice(1)) {
      let last = 0;
      const times = durable[place - 1]!;
      const ahead: string[] = [];
      for (const { session, seq, left } of traces[place - 1]!.snapshotAnswers()) {
        const offset = offsets.get(session);
        if (offset === undefined) continue;
        // One acknowledgement is for all before it.
        for (let index = Math.max(last, 1); index <= seq + offset; index += 1) {
          const at = times.get(index);
          if (at === undefined || at > left) ahead.push(`n${place}: ${index}: ${at}, left ${left}`);
        }
        last = Math.max(last, seq + offset + 1);
      }
      expect(ahead.slice(0, 10)).toEqual([]);
      expect(last).toBe(ACKNOWLEDGEMENTS + 1);
    }
  });
});

const rising = (a: number, b: number): number => a - b;
