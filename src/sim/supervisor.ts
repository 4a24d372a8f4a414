// Who looks after processes that cannot go on: a supervisor that starts them again, and an operator
// for those that refuse to start. The rule: only what the disk did may be the reason.

import { StorageFailure } from '../persistence/persistence.ts';
import type { Cluster } from './cluster.ts';
import type { Plan } from './plan.ts';
import type { Site } from './site.ts';
import { repairFolder } from './start.ts';

/** A process that ended by itself is started again after this long. */
const AGAIN_MS = 300;

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

  /** A process could not start. */
  refused(site: Site, error: unknown): void {
    this.cluster.trace.draw(`${site.id} cannot start: ${String(error)}`);
    this.blame(site, error);
    site.crash(false, 0);
    if (!(error instanceof StorageFailure)) {
      const turned = this.plan.faults.some(({ kind }) => kind === 'flip');
      if (!turned && !site.torn)
        this.cluster.watch.breach('no damage by itself', `${site.id}: ${String(error)}`);
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
