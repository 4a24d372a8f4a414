// Whoever reads while the log is compacted misses nothing that was there all the time: many streams
// at once, some of which are not read for long; keys page by page; a backup that is read late.

import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { type LogEntry, ReplogClient } from '../../src/client/client.ts';
import type { Entry } from '../../src/core/operation.ts';
import { BackupReader } from '../../src/persistence/backup/backup.ts';
import { Group } from '../process/group.ts';
import { Belongings, call, until } from '../process/program.ts';
import { KeyPager } from '../process/readers/key-pager.ts';
import { Witness } from '../process/readers/witness.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

/** In between the others, in the order of keys. */
const STABLE = Array.from({ length: 12 }, (_, i) => `key ${String.fromCharCode(97 + i)}`);

/** Segments are of 8 MiB, and the last 8 MiB are not compacted. */
const VALUE = 'v'.repeat(900_000);

const CROWD = 60;

/** Without an idempotency key: what has one stays, whatever comes later. */
async function write(group: Group, method: 'PUT' | 'DELETE', key: string, value?: string) {
  const body = { ...(value === undefined ? {} : { value }), w: 'majority', timeoutMs: 20_000 };
  const url = `${group.master}/kv/${encodeURIComponent(key)}`;
  expect((await call(method, url, body)).status).toBe(200);
}

/** Fills segments with what will be superseded, and has other keys come and go meanwhile. */
async function churn(group: Group, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await write(group, 'PUT', `bulk ${i % 5}`, VALUE);
    const key = `${STABLE[i % STABLE.length]} ${i % 5}`;
    await (i % 3 === 2 ? write(group, 'DELETE', key) : write(group, 'PUT', key, 'there'));
  }
}

async function putStable(group: Group, value: string): Promise<void> {
  for (const key of STABLE) await write(group, 'PUT', key, value);
}

/** The head of an answer of which nothing is read. */
function begun(url: string, headers = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).on('error', reject);
  });
}

/** What a stream brings, up to the entry at `last`. */
async function entriesOf(stream: IncomingMessage, last: number): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines)
      if (line.startsWith('data: ')) entries.push(JSON.parse(line.slice(6)));
    if (entries.at(-1)?.index === last) break;
  }
  return entries;
}

/** How many entries a node has. */
async function countOf(url: string): Promise<number> {
  const page = await new ReplogClient({ url }).log({ limit: 10_000 });
  return page.entries.length;
}

test('G3, G20, G23: compaction takes nothing away from whoever reads meanwhile', async () => {
  const group = await Group.start(belongings, { durable: true });
  const client = new ReplogClient({ url: group.master });
  const witness = new Witness();
  await churn(group, 18);
  await putStable(group, 'first');
  const asked = await group.caughtUp();
  const backup = await begun(`${group.master}/backup`);
  const sse = { accept: 'text/event-stream' };
  const late = await begun(`${group.url(2)}/log`, sse);
  const crowd = await Promise.all(
    Array.from({ length: CROWD }, () => begun(`${group.url(2)}/log?from=${asked + 1}`, sse)),
  );
  const over = new AbortController();
  const pagers = group.urls.map((url) => new KeyPager(url, STABLE, witness).run(over.signal));
  try {
    await churn(group, 12);
    await putStable(group, 'second');
    await churn(group, 12);
    const last = (await client.append('the end', { w: 'all' })).index;
    await until(
      () => countOf(group.url(3)),
      (count) => count < last - 10,
      'n3 has compacted its log',
    );
    expect(await countOf(group.master)).toBe(last);
    const kept: Entry[] = [];
    const reader = new BackupReader((entry) => kept.push(entry));
    reader.write(await buffer(backup));
    expect(reader.end().lastIndex).toBe(asked);
    const values = new Map(kept.flatMap((e) => (e.op === 'put' ? [[e.key, e.value]] : [])));
    expect(STABLE.map((key) => values.get(key))).toEqual(STABLE.map(() => 'first'));
    await until(
      () => countOf(group.master),
      (count) => count < last - 10,
      'n1 has compacted its log when the backup was read',
    );
    for (const [stream, from] of [
      [late, 1],
      ...crowd.map((one) => [one, asked + 1] as const),
    ] as const) {
      const entries = await entriesOf(stream, last);
      const indexes = entries.map(({ index }) => index);
      expect(indexes).toEqual([...new Set(indexes)].toSorted((a, b) => a - b));
      expect(indexes[0]).toBeGreaterThanOrEqual(from);
      const stable = entries.filter((e) => e.op === 'put' && e.value === 'second');
      expect(stable).toHaveLength(STABLE.length);
    }
    await until(
      async () => witness.seen.get('passes with other keys') ?? 0,
      (passes) => passes > 3,
      'keys were listed while others came and went',
    );
  } finally {
    over.abort();
    for (const stream of [backup, late, ...crowd]) stream.destroy();
    await Promise.allSettled(pagers);
  }
  await Promise.all(pagers);
  expect(witness.wrong).toEqual([]);
});
