// Whether an arbiter that stands by was given other options than the one in charge, which would
// change the cluster with the next turn. The rule: what is remembered tells the options of whoever
// wrote it, so only what the one in charge has written in this very term counts.

import type { ArbiterMemory } from '../../../core/effects.ts';
import { UnknownFormat } from '../../../persistence/persistence.ts';
import type { Stored } from './gateway.ts';
import { remembered } from './term.ts';

/** What all arbiters of a cluster should be given alike. */
export interface OwnOptions {
  /** Configured cluster size; null: it goes on with the one that is remembered. */
  readonly size: number | null;
  readonly failover: boolean;
}

export class OtherOptions {
  private readonly own: () => OwnOptions;
  private readonly say: (difference: string) => void;
  private said: string | null = null;

  /** `say` is told in words, once, until it is another difference. */
  constructor(own: () => OwnOptions, say: (difference: string) => void) {
    this.own = own;
    this.say = say;
  }

  /** What stands in etcd while another arbiter is in charge. */
  look(seat: Stored, memory: Stored | null): void {
    if (memory === null || BigInt(memory.written) < BigInt(seat.created)) return;
    const difference = differenceOf(this.own(), memoryIn(memory));
    if (difference !== null && difference !== this.said) this.say(difference);
    this.said = difference;
  }
}

/** null: nothing, or what is unknown here. It is refused when this one is in charge. */
function memoryIn(stored: Stored): ArbiterMemory | null {
  try {
    return remembered(stored, '').arbiter;
  } catch (error) {
    if (error instanceof UnknownFormat) return null;
    throw error;
  }
}

function differenceOf({ failover, size }: OwnOptions, there: ArbiterMemory | null): string | null {
  if (there === null) return null;
  const parts: string[] = [];
  if (size !== null && size !== there.size) {
    const other = there.size === null ? 'none' : there.size - 1;
    parts.push(`--secondaries: ${size - 1} here, ${other} there`);
  }
  // Only one that replaces masters remembers who counts for that.
  const replaces = there.noted !== undefined;
  if (failover !== replaces) parts.push(`--failover: ${failover ? 'only here' : 'only there'}`);
  return parts.length === 0 ? null : parts.join('; ');
}
