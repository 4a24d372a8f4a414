// The place of one process in the cluster: its machine, its disk, and what is known of it beyond
// the lives of the process.

import type { Chance } from '../chance.ts';
import { FakeDisk } from '../disk/disk.ts';
import type { FaultSource } from '../disk/disk-fault.ts';
import type { Leftover } from '../disk/leftover.ts';
import type { Timeline } from '../timeline.ts';
import type { ArbiterHost } from './arbiter-host.ts';
import type { Host } from './host.ts';
import type { NodeHost } from './node-host.ts';

/** A fault of the disk that is in force. */
interface Trouble {
  readonly name: string;
  readonly source: FaultSource;
}

const LEFTOVERS: readonly Leftover[] = ['nothing', 'all', 'half', 'zeros', 'prefix', 'sectors'];

/** The file that takes the place of what was compacted. */
const COMPACTED = /^log-\d+\.seg\.tmp$/;

/** What is left of a write whose process was killed: the system goes on, byte after byte. */
const KILLED: readonly Leftover[] = ['nothing', 'all', 'half', 'prefix'];

export class Site {
  readonly id: string;
  /** What runs here. The arbiter's machine has no log. */
  readonly host: Host;
  readonly node: NodeHost | null;
  readonly arbiter: ArbiterHost | null;
  /** null: it keeps everything in memory. */
  readonly disk: FakeDisk | null;
  /** How far its wall clock is off, in milliseconds. */
  wallOffsetMs = 0;
  /** Calls to the disk hang for ever: only a new process helps. */
  hung = false;
  /** Bits on its disk have turned over: who knows what a start will find. */
  flipped = false;
  /** A power cut, or a failed write, has torn what it was writing: a start may refuse that as
   * damage. */
  torn = false;
  /** What failed writes have left that nobody has cut off: from where on in which files. */
  readonly untidy = new Map<string, number>();
  /** The latest start has not come to its end: it may have taken damage out of the log. */
  halfStarted = false;
  /** Its operator has given up what damage took, and maybe more, before the next start. */
  repaired = false;
  /** Its disk is not the first one. */
  wiped = false;
  /** It has left the cluster. */
  left = false;
  /** It was told to leave at some time: nobody takes its word for what was promised before. */
  hasLeft = false;
  /** The life that is starting and does not serve yet. */
  startingLife: number | null = null;
  /** The life that has met damage, of which its operator knows. */
  toldLife: number | null = null;
  /** The life whose process is told to end. */
  endingLife: number | null = null;
  private readonly troubles = new Set<Trouble>();
  private readonly chance: Chance;
  private readonly hits: Map<string, number>;

  constructor(
    machine: { readonly node: NodeHost } | { readonly arbiter: ArbiterHost },
    parts: {
      readonly durable: boolean;
      readonly timeline: Timeline;
      readonly chance: Chance;
      readonly diskMs: number;
      readonly hits: Map<string, number>;
    },
  ) {
    this.node = 'node' in machine ? machine.node : null;
    this.arbiter = 'arbiter' in machine ? machine.arbiter : null;
    const host = 'node' in machine ? machine.node : machine.arbiter;
    this.host = host;
    this.id = host.id;
    this.chance = parts.chance;
    this.hits = parts.hits;
    const { timeline, chance, diskMs } = parts;
    this.disk = !parts.durable
      ? null
      : new FakeDisk({
          random: chance.next,
          later: (ms, run) => void host.later(ms, run),
          latencyMs: ({ kind, path }) => {
            timeline.happened(31 + kind.length);
            if (kind === 'rename' && COMPACTED.test(path)) this.hit('compaction');
            return kind === 'write' || kind === 'sync' || kind === 'syncFolder'
              ? diskMs * (0.5 + chance.next())
              : 0.05;
          },
        });
  }

  get starting(): boolean {
    return this.startingLife === this.host.life;
  }

  get ending(): boolean {
    return this.endingLife === this.host.life;
  }

  /** Nothing runs here. */
  get down(): boolean {
    return !this.host.up && !this.starting && !this.ending;
  }

  /** A start has come to its end: what there was to find on the disk has been found. */
  started(): void {
    this.startingLife = null;
    this.repaired = false;
    this.halfStarted = false;
    this.torn = false;
    this.untidy.clear();
  }

  /** The process is gone; what it was writing is left as `power` and chance have it. */
  crash(power: boolean, severity: number): void {
    const { chance, disk, hung } = this;
    this.host.end(power);
    this.startingLife = null;
    this.endingLife = null;
    this.hung = false;
    if (disk === null) return;
    if (power && disk.atStake().length > 0) {
      this.torn = true;
      this.hit('torn');
    }
    // What a failed write left was to be cut off: the process has ended before it could.
    if (this.troubles.size > 0 || hung) this.torn = true;
    for (const [path, from] of disk.untidy) this.untidy.set(path, from);
    const leftovers = power ? LEFTOVERS : KILLED;
    disk.restart(power, () => (chance.happens(severity) ? chance.pick(leftovers) : 'nothing'));
    this.refreshTroubles();
  }

  /** Another, empty disk. */
  wipe(): void {
    this.wiped = true;
    const { disk } = this;
    if (disk === null) return;
    for (const name of disk.names()) disk.folder.unlink(name);
    disk.folder.synced(disk.folder.unsynced());
  }

  /** Returns how to end it. */
  begin(name: string, source: FaultSource): () => void {
    const trouble = { name, source };
    this.troubles.add(trouble);
    this.refreshTroubles();
    return () => {
      this.troubles.delete(trouble);
      this.refreshTroubles();
    };
  }

  /** A trouble of this name has begun, whether it has struck yet or not. */
  suffers(name: string): boolean {
    return [...this.troubles].some((trouble) => trouble.name === name);
  }

  clearTroubles(): void {
    this.troubles.clear();
    this.refreshTroubles();
  }

  private refreshTroubles(): void {
    const { disk, troubles } = this;
    if (disk === null) return;
    if (troubles.size === 0) {
      disk.faults = null;
      return;
    }
    disk.faults = (call) => {
      for (const { name, source } of troubles) {
        const fault = source(call);
        if (fault === null) continue;
        this.hit(name);
        if (fault.kind === 'hang') this.hung = true;
        if (fault.kind === 'flip') this.flipped = true;
        return fault;
      }
      return null;
    };
  }

  private hit(name: string): void {
    this.hits.set(name, (this.hits.get(name) ?? 0) + 1);
  }
}
