// What is said of a write that succeeded.

import type { WriteConcern } from '../../client/answers.ts';
import { formatDuration } from '../arguments/duration.ts';
import { cleanText } from './clean-text.ts';

interface Acknowledged {
  readonly acks: readonly string[];
  readonly w?: WriteConcern;
  readonly durable?: boolean;
  readonly ms: number;
  readonly duplicate?: boolean;
}

/** Like `acks n1 n2 (w=majority, durable, 2 ms)`. */
export function acknowledgement({ acks, w, durable, ms, duplicate }: Acknowledged): string {
  const facts = [
    ...(w === undefined ? [] : [`w=${w}`]),
    ...(durable === undefined ? [] : [durable ? 'durable' : 'in memory']),
    ...(duplicate ? ['stored earlier under this key'] : []),
    formatDuration(ms),
  ];
  return cleanText(`acks ${acks.join(' ')} (${facts.join(', ')})`);
}
