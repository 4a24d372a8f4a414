// Who belongs to the cluster, and who its operator adds and removes. The rule: the configured size
// changes with the members; while an arbiter has forgotten them nobody adds or removes any.

import { nodeId } from '../../core/ids.ts';
import { clusterSize, majority } from '../../core/master/quorum.ts';
import type { Shape } from '../plan/plan.ts';
import type { Cluster } from './cluster.ts';
import type { Site } from './site.ts';

/** A cluster does not grow beyond this here. */
const NODES_MAX = 6;

/** Whom it has less than this of nobody removes. */
const REMOVABLE_MIN = 3;

export class Roster {
  private readonly cluster: Cluster;
  private readonly shape: Shape;
  private size: number;

  constructor(cluster: Cluster, shape: Shape) {
    this.cluster = cluster;
    this.shape = shape;
    this.size = shape.size ?? shape.nodes.length;
  }

  /** As an arbiter is told at its start; null: it is not. */
  get configuredSize(): number | null {
    return this.shape.size === null ? null : this.size;
  }

  /** The configured size tells of all nodes. */
  get sized(): boolean {
    const { size, untold = false } = this.shape;
    return size !== null && !untold;
  }

  /** An arbiter is in charge that knows only how large the cluster is. Nobody adds or removes nodes
   * then: it would take a majority of those it meets for one of those that kept promises. */
  get forgotten(): boolean {
    return this.arbiter?.wiped === true;
  }

  /** A majority remembers which cluster this is, though the disk of `lost` were gone, and one more
   * had to be replaced for its damage. An arbiter with an empty folder takes what a majority says,
   * and lets nobody in who says more than that; one in memory would let in whose later log replaces
   * what the others have been promised meanwhile (docs/guarantees.md). */
  mostRemember(lost?: string): boolean {
    const { nodes, watch } = this.cluster;
    // One that was added and never let in has nothing to say.
    const knows = ({ id, wiped }: Site): boolean => !wiped && watch.memory.belongs(id);
    const known = nodes.filter((site) => site.id !== lost && knows(site));
    return known.length - 1 >= majority(clusterSize(this.size, this.present));
  }

  /** A node that was never there starts, and joins. */
  add(): void {
    const { cluster } = this;
    if (cluster.nodes.length >= NODES_MAX || this.forgotten) return;
    const id = `n${cluster.nodes.length + 1}`;
    cluster.hit('join');
    cluster.addNode(id, this.shape.nodes[0]!.durable);
    cluster.happened(cluster.site(id), 'join');
    this.resize(1);
    cluster.start(id);
  }

  /** Tells a node to leave; `done` is called when it has, or was refused. */
  leave(id: string, done: () => void): void {
    const { cluster } = this;
    const site = cluster.site(id);
    if (!site.host.up || site.host.paused || !this.mayGo(site)) return;
    cluster.hit('leave');
    cluster.trace.draw(`${id} is told to leave`);
    this.goes(site);
    site.node!.retire((response) => {
      if (response.type === 'Left') {
        site.left = true;
        this.resize(-1);
      } else {
        cluster.happened(site, 'join');
      }
      done();
    });
  }

  /** Ends the process of a node and tells the arbiter in its place that it leaves, as `replog rm`
   * does with one that cannot be told. Returns whether that was done. */
  expel(id: string): boolean {
    const { cluster } = this;
    const site = cluster.site(id);
    const arbiter = this.arbiter?.arbiter;
    if (arbiter?.up !== true || !this.mayGo(site)) return false;
    cluster.hit('expel');
    cluster.trace.draw(`${id} is given up`);
    cluster.crash(id, { power: false, severity: 1 });
    this.goes(site);
    arbiter.receive({ type: 'Leave', node: nodeId(id) }, (response) => {
      // Started again before that was decided, it joins behind it.
      if (response.type !== 'Left' || !site.down) return;
      site.left = true;
      cluster.happened(site, 'leave');
      this.resize(-1);
    });
    return true;
  }

  /** One that has left is started again, and joins. */
  returns(site: Site): void {
    site.left = false;
    this.resize(1);
  }

  private mayGo(site: Site): boolean {
    const removable = this.present >= REMOVABLE_MIN;
    return site.node !== null && !site.left && !this.forgotten && removable;
  }

  /** How many nodes have not left. */
  private get present(): number {
    return this.cluster.nodes.filter(({ left }) => !left).length;
  }

  /** From now on it may be gone, though it hears of that later, or never. */
  private goes(site: Site): void {
    this.cluster.watch.commits.loses();
    site.hasLeft = true;
    this.cluster.happened(site, 'leave', { pending: true });
  }

  private get arbiter(): Site | undefined {
    return this.cluster.sites.get('arbiter');
  }

  private resize(change: number): void {
    this.cluster.watch.sizeChanges = true;
    if (!this.sized) return;
    this.size += change;
    this.arbiter?.arbiter?.resize(this.size);
  }
}
