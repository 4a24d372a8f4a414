// A URL where somebody answers who is no node: an arbiter, or the launcher that hosts one.

import { ProblemError } from '../client/problems.ts';
import { UsageError } from './exit.ts';
import { connect, findTarget, type TargetOptions } from './target.ts';

const ASK_MS = 1_000;

/** What an arbiter says at `GET /health`. */
interface ArbiterHealth {
  readonly role: 'arbiter';
  readonly master: { readonly node: string; readonly url: string } | null;
  readonly members: readonly { readonly node: string }[];
}

/** Whether a node's answer, as it should be, is an arbiter's. */
export function isArbiter(health: unknown): health is ArbiterHealth {
  return (health as Partial<ArbiterHealth> | null)?.role === 'arbiter';
}

/** Like `arbiter: master n1 at http://127.0.0.1:4000, members n1 n2 n3`. */
export function arbiterLine({ master, members }: ArbiterHealth): string {
  const names = members.map(({ node }) => node).join(' ');
  const place = master === null ? 'no master yet' : `master ${master.node} at ${master.url}`;
  return `arbiter: ${place}, members ${names === '' ? 'none' : names}`;
}

/** The error itself, or, if there was nothing at a path because the URL is an arbiter's, one that
 * says so and names a node. */
export async function orNoNode(error: unknown, options: TargetOptions): Promise<unknown> {
  if (!(error instanceof ProblemError) || error.code !== 'not-found') return error;
  try {
    const target = await findTarget(options);
    const client = await connect(target);
    const health: unknown = await client.health({ signal: AbortSignal.timeout(ASK_MS) });
    if (!isArbiter(health)) return error;
    const what = target.control === target.url ? 'the control port of a cluster' : 'an arbiter';
    return new UsageError(
      `${target.url} is ${what}, not a node`,
      health.master === null
        ? 'name a node with --url; `replog ps` shows them'
        : `--url ${health.master.url} is the master; without --url the cluster is found by itself`,
    );
  } catch {
    // Who answers there cannot be told: what was said first counts.
    return error;
  }
}
