// A URL where somebody answers who is no node: an arbiter, or the launcher that hosts one.

import { ProblemError } from '../../client/problems.ts';
import { inOrder } from '../arguments/node-selection.ts';
import { Refused, UsageError } from '../exit.ts';
import { type ArbiterHealth, isArbiter, noneYet } from './arbiter-health.ts';
import { connect, findTarget, type TargetOptions } from './target.ts';

const ASK_MS = 1_000;

/** What every node has was not to be had at `url`: perhaps there is no node. */
export class NothingThere extends Refused {
  readonly url: string;

  constructor(url: string, message: string, hint: string | null = null) {
    super(message, hint);
    this.url = url;
  }
}

/** The error itself, or, if there was nothing at a path because the URL is an arbiter's or a
 * launcher's, one that says so and where the nodes are. The URL may have been given in any way:
 * with `--url`, in REPLOG_URL, or as NODE. */
export async function orNoNode(error: unknown, options: TargetOptions): Promise<unknown> {
  const url = urlIn(error);
  if (url === null) return error;
  try {
    const { name: _, ...rest } = options;
    const target = await findTarget({ ...rest, url: new URL(url).origin });
    const client = await connect(target);
    const limit = { signal: AbortSignal.timeout(ASK_MS) };
    const health: unknown = await client.health(limit);
    if (!isArbiter(health)) return error;
    // A launcher hosts its cluster's arbiter; one that stands alone has no such route.
    const launched = await client.cluster(limit).catch(() => null);
    const what = launched === null ? 'an arbiter' : "the control port of a cluster's launcher";
    const places = placesOf(launched?.nodes ?? health.members, health.master?.node);
    if (health.standby) return noneYet(health, target.url);
    const way = wayFrom(options, target.cluster !== null);
    return new UsageError(
      `${target.url} is ${what}, not a node`,
      places === '' ? 'it has no nodes yet' : `${way}: ${places}`,
    );
  } catch {
    // Who answers there cannot be told: what was said first counts.
    return error;
  }
}

function urlIn(error: unknown): string | null {
  if (error instanceof NothingThere) return error.url;
  return error instanceof ProblemError && error.code === 'not-found' ? error.url : null;
}

/** `known`: the cluster runs on this machine, so that commands find it by themselves. */
function wayFrom({ url }: TargetOptions, known: boolean): string {
  if (url === undefined) return "give a node's";
  return known ? "leave out --url, or give a node's" : "give a node's --url";
}

/** Like `http://127.0.0.1:4000 (n1, master), http://127.0.0.1:4001 (n2)`. */
function placesOf(nodes: ArbiterHealth['members'], master: string | undefined): string {
  return inOrder(nodes)
    .map(({ node, url }) => `${url} (${node}${node === master ? ', master' : ''})`)
    .join(', ');
}
