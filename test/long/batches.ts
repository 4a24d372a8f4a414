// Loads a node with batches of messages, and says what it takes for that.

import { readFileSync } from 'node:fs';
import { Pool } from 'undici';

/** Messages of one batch. */
export const BATCH = 10_000;

/** Batches under way at a time. */
const IN_FLIGHT = 2;

/** Resident memory of a process in MB of 10⁶ bytes, as Linux tells it. */
export function residentMb(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return (Number(kib) * 1_024) / 1e6;
}

/** The body of a batch of messages of 100 bytes, each another one. */
export function batchOf(from: number, w: number): string {
  const messages = Array.from({ length: BATCH }, (_, i) =>
    `message ${String(from + i).padStart(10, '0')} `.padEnd(100, 'x'),
  );
  return JSON.stringify({ messages, w });
}

/** Appends `count` messages, and calls `after` whenever a batch was acknowledged. */
export async function load(
  url: string,
  count: number,
  w: number,
  after: (acknowledged: number) => void = () => {},
): Promise<void> {
  const pool = new Pool(url, { connections: IN_FLIGHT });
  let begun = 0;
  let acknowledged = 0;
  const client = async (): Promise<void> => {
    while (begun < count) {
      const body = batchOf(begun, w);
      begun += BATCH;
      const headers = { 'content-type': 'application/json' };
      const answer = await pool.request({
        ...{ method: 'POST', path: '/messages/batch' },
        ...{ headers, body },
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 201) throw new Error(`${answer.statusCode}: ${text}`);
      acknowledged += BATCH;
      after(acknowledged);
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  } finally {
    await pool.destroy();
  }
}

/** The middle one; 0 of none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
