// Nodes that had left the cluster and are back, or have lost entries to damage. Such a node may
// start over, once: the others may have compacted away what it would need to go on, or have another
// log by now. Where an arbiter has forgotten, every node is like that: it was no member until it
// joined again.

import type { ClusterFacts } from './cluster-facts.ts';
import type { NodeRecord } from './history/history.ts';

export class Returned {
  private readonly away = new Set<string>();
  private forgotten = false;
  /** They are back, and have not started over since. */
  private readonly back = new Set<string>();

  /** Takes note of who leaves, and who starts or joins. */
  node({ damaged, event, node }: NodeRecord, { forgot, nodes }: ClusterFacts): void {
    if (forgot && !this.forgotten) for (const known of nodes.keys()) this.back.add(known);
    this.forgotten = forgot;
    if (event === 'leave') this.away.add(node);
    else if (event !== 'start' && event !== 'join') return;
    else if (this.away.delete(node) || damaged === true) this.back.add(node);
  }

  /** Whether it may have started over, or may yet do so. */
  mayStartOver(node: string): boolean {
    return this.back.has(node);
  }

  /** Whether it may start over now; the next time it may not. */
  startsOver(node: string): boolean {
    return this.back.delete(node);
  }
}
