// A URL where somebody answers who is no node: an arbiter, or the launcher that hosts one.

import { ProblemError } from '../client/problems.ts';
import { type ArbiterHealth, isArbiter } from './arbiter-health.ts';
import { UsageError } from './exit.ts';
import { inOrder } from './node-selection.ts';
import { connect, findTarget, type TargetOptions } from './target.ts';

const ASK_MS = 1_000;

/** The error itself, or, if there was nothing at a path because the URL is an arbiter's or a
 * launcher's, one that says so and where the nodes are. */
export async function orNoNode(error: unknown, options: TargetOptions): Promise<unknown> {
  if (!(error instanceof ProblemError) || error.code !== 'not-found') return error;
  try {
    const target = await findTarget(options);
    const client = await connect(target);
    const limit = { signal: AbortSignal.timeout(ASK_MS) };
    const health: unknown = await client.health(limit);
    if (!isArbiter(health)) return error;
    // A launcher hosts its cluster's arbiter; one that stands alone has no such route.
    const launched = await client.cluster(limit).catch(() => null);
    const what = launched === null ? 'an arbiter' : "the control port of a cluster's launcher";
    const places = placesOf(launched?.nodes ?? health.members, health.master?.node);
    const way =
      target.cluster === null ? "give a node's --url" : "leave out --url, or give a node's";
    return new UsageError(
      `${target.url} is ${what}, not a node`,
      places === '' ? 'it has no nodes yet' : `${way}: ${places}`,
    );
  } catch {
    // Who answers there cannot be told: what was said first counts.
    return error;
  }
}

/** Like `http://127.0.0.1:4000 (n1, master), http://127.0.0.1:4001 (n2)`. */
function placesOf(nodes: ArbiterHealth['members'], master: string | undefined): string {
  return inOrder(nodes)
    .map(({ node, url }) => `${url} (${node}${node === master ? ', master' : ''})`)
    .join(', ');
}
