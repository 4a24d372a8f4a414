// Whoever comes again to a log of which a part is compacted away goes on at what is left of it: on
// every node, after restarts, and in a cluster that was made of a backup.

import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type LogEntry, ReplogClient } from '../../src/client/client.ts';
import { Group } from '../process/group.ts';
import { Launched } from '../process/launched.ts';
import { Belongings, call, until } from '../process/program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

const KEYS = 4;
const ROUNDS = 60;

/** All values as a reader has them who has folded these entries. */
function folded(entries: readonly LogEntry[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const entry of entries) {
    if (entry.op === 'put') values.set(entry.key, entry.value.split(' ')[0]!);
    if (entry.op === 'remove') values.delete(entry.key);
  }
  return values;
}

const messagesOf = (entries: readonly LogEntry[]): string[] =>
  entries.flatMap((entry) => (entry.op === 'append' ? [entry.message] : []));

/** What `follow` shows from `from` on, up to `last`. */
async function followed(url: string, from: number, last: number): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of new ReplogClient({ url }).follow({ from })) {
    entries.push(entry);
    if (entry.index === last) break;
  }
  return entries;
}

/** What each way to read a log from `from` on shows of it up to `last`. */
async function ways(url: string, from: number, last: number): Promise<LogEntry[][]> {
  const client = new ReplogClient({ url });
  const paged: LogEntry[] = [];
  for (let next: number | null = from; next !== null; ) {
    const page = await client.log({ from: next, limit: 7 });
    paged.push(...page.entries);
    next = page.next ?? null;
  }
  const headers = { accept: 'text/event-stream', 'last-event-id': `${from - 1}` };
  const response = await fetch(`${url}/log?from=1&read=majority`, { headers });
  const resumed: LogEntry[] = [];
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop()!;
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event);
      if (data !== null) resumed.push(JSON.parse(data[1]!));
    }
    if (resumed.at(-1)?.index === last) break;
  }
  return [await followed(url, from, last), paged, resumed];
}

/** Reads the nodes at `urls` from here and there on, as one that knows what was before that. */
async function read(urls: readonly string[], whole: readonly LogEntry[], what: string) {
  const last = whole.length;
  for (const url of urls) {
    for (const from of [1, 2, 3, 41, last - 1]) {
      const before = whole.slice(0, from - 1);
      for (const found of await ways(url, from, last)) {
        const where = `${what}, ${url} from ${from}`;
        const there = new Set(found.map(({ index }) => index));
        const left = whole.filter(({ index }) => there.has(index));
        expect(JSON.stringify(found) === JSON.stringify(left), where).toBe(true);
        expect(messagesOf([...before, ...found]), where).toEqual(messagesOf(whole));
        expect(folded([...before, ...found]), where).toEqual(folded(whole));
      }
    }
  }
}

test('G20: readers go on where a part of the log is compacted away', async () => {
  const group = await Group.start(belongings, { durable: true });
  // A reader that sees everything before it is compacted away.
  const reader = followed(group.master, 1, 2 * ROUNDS + 1);
  const client = new ReplogClient({ url: group.master });
  for (let i = 0; i < ROUNDS; i += 1) {
    await client.append(`m${i}`, { w: 1 });
    // Without a key: one is remembered where it is, and its operation stays as long.
    const value = `${i} ${'v'.repeat(700_000)}`;
    await call('PUT', `${group.master}/kv/k${i % KEYS}`, { value, w: 1 });
  }
  await call('DELETE', `${group.master}/kv/k1`);
  const whole = await reader;
  expect(whole).toHaveLength(await group.caughtUp());
  for (const url of group.urls) {
    const second = () => call('GET', `${url}/log/2`);
    await until(second, ({ status }) => status === 404, 'the first put is compacted away', 40_000);
  }
  await read(group.urls, whole, 'live');
  const folder = await belongings.folder();
  const [backup, restored] = [join(folder, 'log.backup'), join(folder, 'restored')];
  const run = async (...args: string[]) => (await belongings.program(args).exited).code;
  expect(await run('backup', '--url', group.url(2), backup)).toBe(0);
  for (const place of group.places) await group.end(place, 'SIGKILL');
  for (const place of group.places) await group.start(place);
  await group.caughtUp();
  await read(group.urls, whole, 'restarted');
  for (const place of group.places) await group.end(place, 'SIGKILL');
  expect(await run('restore', backup, restored)).toBe(0);
  const options = ['--data-dir', restored, '--secondaries', '1'];
  const { urls } = await Launched.start(belongings, options);
  await read(urls, whole, 'restored');
}, 300_000);
