// Who looks after processes that cannot go on: a supervisor that starts them again, and an operator
// for those that refuse to start. The rule: only what the disk did may be the reason.

import type { NodeStatus } from '../../core/status.ts';
import { DamagedLog, StorageFailure } from '../../persistence/persistence.ts';
import { ROT_FAULTS } from '../faults/rot.ts';
import type { Plan } from '../plan/plan.ts';
import type { Cluster } from './cluster.ts';
import type { Site } from './site.ts';
import { repairFolder } from './start.ts';

/** Faults that damage what is stored. */
const DAMAGING: ReadonlySet<string> = new Set(['flip', ...ROT_FAULTS.map(({ name }) => name)]);

/** A process that ended by itself is started again after this long. */
const AGAIN_MS = 300;

/** A process that has met damage is restarted after this long. */
const TOLD_MS = 600;

export class Supervisor {
  private readonly cluster: Cluster;
  private readonly plan: Plan;

  constructor(cluster: Cluster, plan: Plan) {
    this.cluster = cluster;
    this.plan = plan;
  }

  /** A process has found that it cannot go on. */
  broke(site: Site, error: unknown): void {
    this.cluster.trace.draw(`${site.id} cannot go on: ${String(error)}`);
    this.blame(site, error);
    this.cluster.ended(site, 'crash', { power: false, severity: 1 });
    this.cluster.startAfter(site.id, AGAIN_MS);
  }

  /** A process has met damage: its operator restarts it, which is when that is mended. */
  told(site: Site): void {
    const { life } = site.host;
    if (site.toldLife === life) return;
    site.toldLife = life;
    this.cluster.trace.draw(`${site.id} has met damage`);
    this.cluster.timeline.after(TOLD_MS, () => {
      if (site.host.life === life) this.cluster.stop(site.id, 1);
    });
  }

  /** A process could not start. */
  refused(site: Site, error: unknown): void {
    this.cluster.trace.draw(`${site.id} cannot start: ${String(error)}`);
    this.blame(site, error);
    site.crash(false, 0);
    if (!(error instanceof StorageFailure)) {
      this.explain(site, error);
      this.cluster.happened(site, 'refused-start');
      if (!this.isReplaceable(site)) {
        this.repair(site);
        return;
      }
      // Its operator gives it an empty folder.
      this.cluster.wipe(site.id);
    }
    this.cluster.startAfter(site.id, AGAIN_MS);
  }

  /** Where a master waits for what nobody has any more, its operator gives that up (`replog repair
   * --cut`), on the node that it names. Returns whether that was so. */
  givesUp(): boolean {
    const { nodes, watch } = this.cluster;
    const named = new Set(nodes.map(({ node }) => namedBy(node?.status)));
    const lacks = ({ id }: Site): boolean => watch.memory.lostBy(id) !== null;
    const lacking = nodes.filter((site) => named.has(site.id) && lacks(site));
    const help = lacking.map(({ id }) => this.helpFor(id)).find((found) => found !== null);
    if (help !== undefined) {
      watch.breach('comes back', help);
      return false;
    }
    for (const site of lacking) {
      this.cluster.ended(site, 'crash', { power: false, severity: 0 });
      this.cluster.happened(site, 'repair');
      watch.commits.loses();
      site.repaired = true;
      this.repair(site);
    }
    return lacking.length > 0;
  }

  /** Who could have given a node what it lost, as a sentence; null: nobody, or nobody whose word
   * counts: who was away, whom the arbiter forgot, who has not heard of that epoch, or does not
   * know that it has all again that damage took from itself, may have missed what came after. */
  private helpFor(id: string): string | null {
    const { roster, watch } = this.cluster;
    const { epoch, upTo, open } = watch.memory.lostBy(id)!;
    if (roster.forgotten || open) return null;
    const counts = (one: string): boolean =>
      !this.cluster.site(one).hasLeft &&
      watch.memory.acceptedBy(one) >= epoch &&
      watch.memory.lostBy(one) === null;
    const others = watch.holdersOf(id, upTo).filter(counts);
    return others.length === 0
      ? null
      : `${others.sort().join(' and ')} could have given ${id} ${upTo}`;
  }

  /** A process has taken damage out of its log, and serves what is before it. */
  salvaged(site: Site, damage: DamagedLog): void {
    this.cluster.trace.draw(`${site.id} has taken damage out of its log`);
    this.cluster.hit('salvage');
    this.explain(site, damage);
  }

  /** Where no bit was turned over and nothing was torn, there is nothing to be damaged. */
  private explain(site: Site, error: unknown): void {
    const turned = this.plan.faults.some(({ kind }) => DAMAGING.has(kind));
    const { file, offset } = error instanceof DamagedLog ? error : { file: '', offset: 0 };
    const left = offset >= (site.untidy.get(file) ?? Number.POSITIVE_INFINITY);
    if (!turned && !site.torn && !left)
      this.cluster.watch.breach('no damage by itself', `${site.id}: ${String(error)}`);
  }

  private blame(site: Site, error: unknown): void {
    if (isOutside(error)) return;
    this.cluster.watch.breach('no invariant breaks', `${site.id}: ${stackOf(error)}`);
  }

  /** Others know what it knew: who the master and the members are. */
  private isReplaceable({ node, id }: Site): boolean {
    const { arbiter, nodes } = this.plan.shape;
    return node !== null && (arbiter === 'own' || id !== nodes[0]!.id);
  }

  /** Its operator cuts off what is damaged (`replog repair`), and starts it again. */
  private repair(site: Site): void {
    this.cluster.hit('repair');
    const { life } = site.host;
    site.startingLife = life;
    const again = (): void => {
      if (site.host.life !== life) return;
      site.startingLife = null;
      this.cluster.startAfter(site.id, AGAIN_MS);
    };
    this.cluster.timeline.stir();
    repairFolder(site.disk!).then(again, (error: unknown) => {
      // Where the disk fails at it, the next start refuses again.
      if (!isCallThatFailed(error)) this.blame(site, error);
      again();
    });
  }
}

/** On which node a master says that its operator can do something; null: it does not. */
function namedBy(status: NodeStatus | null | undefined): string | null {
  if (status?.role !== 'master' || status.reason?.includes('replog repair') !== true) return null;
  const [, other] = / for (\S+) to give them up/.exec(status.reason) ?? [];
  return other ?? status.node;
}

/** A flipped bit may also stand in a format version. */
const OUTSIDE: ReadonlySet<string> = new Set(['StorageFailure', 'DamagedLog', 'UnknownFormat']);

/** Something that the disk did, not a mistake of the program. */
function isOutside(error: unknown): boolean {
  return error instanceof Error && OUTSIDE.has(error.name);
}

/** A tool that works on a folder is told what the system says. */
function isCallThatFailed(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
