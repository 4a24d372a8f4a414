// What may become of a change that was made, for people.

import type { ClusterNode } from '../../client/answers.ts';
import { cleanText } from './clean-text.ts';
import { stylesFor } from './colour.ts';
import { printRemark } from './output.ts';

/** Says on stderr what the launcher warns of. */
export function warnOf(node: ClusterNode | null): void {
  if (typeof node?.warning !== 'string') return;
  printRemark('warning:', cleanText(node.warning), stylesFor(process.stderr).yellow);
}
