// The same to several nodes, one after the other: a restart of all must not take the whole cluster
// down.

import { ProblemError } from '../client/problems.ts';
import { endingOf, Refused } from './exit.ts';

/** Does `act` to each node. That one is in no state for it says nothing of the others: what is
 * refused is thrown when all have had their turn. */
export async function eachNode<Node>(
  nodes: readonly Node[],
  act: (node: Node) => Promise<void>,
): Promise<void> {
  const refused: ProblemError[] = [];
  for (const node of nodes) {
    try {
      await act(node);
    } catch (error) {
      if (!isConflict(error)) throw error;
      refused.push(error);
    }
  }
  const [first, ...others] = refused;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new Refused(refused.map(sentenceOf).join('; '), endingOf(first).hint);
}

const isConflict = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && error.code === 'conflict';

const sentenceOf = (error: ProblemError): string => endingOf(error).sentence;
