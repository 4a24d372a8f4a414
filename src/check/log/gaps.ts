// Messages that are missing in front of an entry. The rule: index and epoch name an entry and all
// that stands before it. So where any page showed the same entry with what stands there, it was
// there on every node that shows the entry; and a message is never compacted away. The other page
// may be heard later: so only the end of the history tells.

import type { Evidence } from '../evidence.ts';
import { type Violation, violation } from '../verdict.ts';
import type { Variant } from './entry-table.ts';

/** A page that has an entry, and nothing between `from` and it. */
interface Gap {
  readonly index: number;
  readonly from: number;
  readonly node: string;
  readonly place: number;
}

/** So much of a gap is looked at. Keeps the work linear. */
const GAP_MAX = 1_000;

/** Invariant: of each entry the first of its widest gaps is kept, so that memory goes with the
 * entries that were shown. */
export class Gaps {
  private readonly evidence: Evidence;
  private readonly widest = new Map<Variant, Gap>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  /** The page at hand, of this node, shows nothing from `from` up to this entry. */
  note(from: number, entry: { readonly index: number; readonly epoch: number }, node: string) {
    const { entries, place } = this.evidence;
    const { index, epoch } = entry;
    const variant = entries.find(index, epoch);
    if (variant === undefined || from >= (this.widest.get(variant)?.from ?? index)) return;
    this.widest.set(variant, { index, from, node, place });
  }

  /** The history is over. */
  finish(): Violation | null {
    for (const [variant, gap] of this.widest) {
      const found = this.message(variant, gap);
      if (found !== null) return found;
    }
    return null;
  }

  private message(entry: Variant, { from, index, node, place }: Gap): Violation | null {
    const { cluster, entries, operations } = this.evidence;
    const lowest = Math.max(from, index - GAP_MAX);
    let behind = entry;
    for (let at = index - 1; at >= lowest; at -= 1) {
      // Where epochs were counted anew, one name may be that of two entries.
      const variant = entries.find(at, behind.before);
      if (variant === undefined || behind.epoch <= cluster.ambiguous) return null;
      if (operations.key(variant.content) === null) {
        return violation(
          'never back',
          `${node} shows index ${index} of epoch ${entry.epoch} without ` +
            `${operations.name(variant.content)}, which stands before it at index ${at} (record ` +
            `${variant.place}), and is missing there (record ${place}).`,
          variant.place,
          place,
        );
      }
      behind = variant;
    }
    return null;
  }
}
