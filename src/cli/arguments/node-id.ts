// The id of a node as given on the command line.

import { refusalOfId } from '../../cluster/files/layout.ts';
import { NODE_ID_PATTERN } from '../../core/ids.ts';
import { UsageError } from '../exit.ts';

/** Throws UsageError for what cannot be one. */
export function parseNodeId(text: string): string {
  if (NODE_ID_PATTERN.test(text)) return text;
  throw new UsageError(`"${text}" is not a node id`, 'use a-z, 0-9 and -, at most 32 characters');
}

/** The id of a node that the launcher is to start. Throws UsageError for what cannot be one. */
export function parseNewNodeId(text: string): string {
  const id = parseNodeId(text);
  const refusal = refusalOfId(id);
  if (refusal === null) return id;
  throw new UsageError(`"${id}" ${refusal}`, 'without an id it gets the next n1, n2, …');
}
