// What a cluster shows when nothing happens any more: all of it, however it is read.

import { isDeepStrictEqual } from 'node:util';
import type { Chance } from '../../../src/chaos/chance.ts';
import { type LogEntry, ReplogClient } from '../../../src/client/client.ts';
import type { Witness } from './witness.ts';

/** The log of a node, joined of pages. */
export async function wholeLog(url: string, limit: number): Promise<LogEntry[]> {
  const client = new ReplogClient({ url });
  const entries: LogEntry[] = [];
  for (let from: number | null = 1; from !== null; ) {
    const page: Awaited<ReturnType<ReplogClient['log']>> = await client.log({ from, limit });
    entries.push(...page.entries);
    from = page.next;
  }
  return entries;
}

/** Compares what a node shows with the log, in every way there is to read it. */
export async function compare(
  url: string,
  final: readonly LogEntry[],
  chance: Chance,
  witness: Witness,
): Promise<void> {
  const client = new ReplogClient({ url });
  const differ = (what: string, found: unknown, expected: unknown): void => {
    if (isDeepStrictEqual(found, expected)) return;
    witness.complain(`${what} of ${url}: ${JSON.stringify([found, expected])}`);
  };
  const limit = (): number => chance.pick([1, 3, 10, 50]) + Math.floor(final.length / 100);
  differ('/log in pages', await wholeLog(url, limit()), final);
  const texts = final.flatMap((entry) => (entry.op === 'append' ? [entry.message] : []));
  const paged: string[] = [];
  for await (const page of client.pages({ limit: limit() })) paged.push(...page.messages);
  differ('/messages in pages', paged, texts);
  differ('/messages', (await client.list()).messages, texts);
  differ('/messages, majority', (await client.list({ read: 'majority' })).messages, texts);
  const entry = chance.pick(final);
  differ('an entry', await client.entry(entry.index), entry);
  await compareKeys(client, final, chance, differ);
  for (const { idempotencyKey, index } of witness.acknowledged) {
    differ(idempotencyKey, (await client.outcome(idempotencyKey))?.index, index);
  }
}

async function compareKeys(
  client: ReplogClient,
  final: readonly LogEntry[],
  chance: Chance,
  differ: (what: string, found: unknown, expected: unknown) => void,
): Promise<void> {
  const values = new Map<string, { key: string; value: string; index: number }>();
  for (const entry of final) {
    if (entry.op === 'remove') values.delete(entry.key);
    if (entry.op !== 'put') continue;
    const { key, value, index } = entry;
    values.set(key, { key, value, index });
  }
  for (const prefix of ['', 'a/', 'b']) {
    const items: unknown[] = [];
    const limit = chance.between(1, 3);
    let after: string | undefined;
    do {
      const page: Awaited<ReturnType<ReplogClient['listKeys']>> = await client.listKeys({
        ...{ prefix, after, limit },
      });
      items.push(...page.items);
      after = page.next ?? undefined;
    } while (after !== undefined);
    const expected = [...values.values()].filter(({ key }) => key.startsWith(prefix));
    expected.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    differ(`/kv?prefix=${prefix}&limit=${limit}`, items, expected);
  }
}
