// How many nodes must have a write, as given on the command line.

import type { WriteConcern } from '../../core/effects.ts';
import { UsageError } from '../exit.ts';

/** A positive whole number, `majority` or `all`. Throws UsageError. */
export function parseWriteConcern(text: string): WriteConcern {
  if (text === 'majority' || text === 'all') return text;
  const nodes = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  if (nodes >= 1) return nodes;
  throw new UsageError(
    `"${text}" is not a write concern`,
    'use the number of nodes that must have it (1 is the master alone), majority, or all',
  );
}

/** A server's default that its own cluster could never reach would have every append refused.
 * `secondaries` undefined: the size is not configured. Throws UsageError. */
export function refuseUnsatisfiable(
  w: WriteConcern | undefined,
  secondaries: number | undefined,
): void {
  if (typeof w !== 'number' || secondaries === undefined || w <= secondaries + 1) return;
  throw new UsageError(
    `--w ${w} asks for more nodes than --secondaries ${secondaries} gives (${secondaries + 1})`,
    `use --w ${secondaries + 1} or all, or more secondaries`,
  );
}
