// What the nodes of a cluster use while they work, read from their own metrics: so it can be told
// of nodes on other machines too.

import type { ReplogClient } from '../client/client.ts';

/** One node at one moment. */
export interface Usage {
  readonly node: string;
  /** Processor time since its start, in seconds. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** What a node used between two moments. */
export interface Spent {
  readonly node: string;
  /** Cores that it kept busy on average. */
  readonly cores: number;
  readonly residentBytes: number;
}

/** A node that stands still does not hold a measurement up for longer. */
const ASK_MS = 2_000;

/** Reads it from every node that answers, within `askMs` milliseconds. */
export async function usageOf(
  nodes: readonly { readonly node: string; readonly client: ReplogClient }[],
  askMs: number = ASK_MS,
): Promise<Usage[]> {
  const read = await Promise.all(
    nodes.map(async ({ node, client }) => {
      try {
        const metrics = await client.metrics({ signal: AbortSignal.timeout(askMs) });
        return {
          node,
          cpuSeconds: valueIn(metrics, 'process_cpu_seconds_total'),
          residentBytes: valueIn(metrics, 'process_resident_memory_bytes'),
        };
      } catch {
        // A node that is down or stands still, or asks for another token, has no line in the table.
        return null;
      }
    }),
  );
  return read.filter((usage) => usage !== null);
}

/** `seconds` lie between the two. A node that was restarted in between is left out. */
export function spent(before: readonly Usage[], after: readonly Usage[], seconds: number): Spent[] {
  return after.flatMap(({ node, cpuSeconds, residentBytes }) => {
    const earlier = before.find((usage) => usage.node === node);
    if (earlier === undefined || cpuSeconds < earlier.cpuSeconds) return [];
    return [{ node, cores: (cpuSeconds - earlier.cpuSeconds) / seconds, residentBytes }];
  });
}

/** A sample without labels; NaN if there is none. */
function valueIn(metrics: string, name: string): number {
  const line = metrics.split('\n').find((text) => text.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}
