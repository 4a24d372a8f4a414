// The same to several nodes, one after the other: a restart of all must not take the whole cluster
// down.

import { Unreachable } from '../../client/errors.ts';
import { ProblemError } from '../../client/problems.ts';
import { endingOf, NotRunning, Refused } from '../exit.ts';

/** Does `act` to each node, by way of their launcher. That one is in no state for it says nothing
 * of the others: what is refused is thrown when all have had their turn. */
export async function eachNode<Node>(
  nodes: readonly Node[],
  act: (node: Node) => Promise<void>,
): Promise<void> {
  const refused = await failures(nodes, act, isConflict);
  const [first, ...others] = refused;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new Refused(refused.map(sentenceOf).join('; '), endingOf(first).hint);
}

/** Does `act` to each node, which is asked itself: that one does not answer says nothing of the
 * others, either. */
export async function eachAnswering<Node>(
  nodes: readonly Node[],
  act: (node: Node) => Promise<void>,
): Promise<void> {
  const silent = await failures(nodes, act, (error) => error instanceof Unreachable);
  const [first, ...others] = silent;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new NotRunning(silent.map(sentenceOf).join('; '), endingOf(first).hint);
}

/** What was thrown for single nodes; whatever is not `passed` over ends it at once. */
async function failures<Node>(
  nodes: readonly Node[],
  act: (node: Node) => Promise<void>,
  passed: (error: unknown) => boolean,
): Promise<unknown[]> {
  const failed: unknown[] = [];
  for (const node of nodes) {
    try {
      await act(node);
    } catch (error) {
      if (!passed(error)) throw error;
      failed.push(error);
    }
  }
  return failed;
}

const isConflict = (error: unknown): boolean =>
  error instanceof ProblemError && error.code === 'conflict';

const sentenceOf = (error: unknown): string => endingOf(error).sentence;
