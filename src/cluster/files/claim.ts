// Who starts a cluster of a name, or on a folder, says so before anything of it runs: a cluster is
// announced only when it is ready, and of two that start at the same moment both would find nobody.
//
// The rule: make one's own claim first, then look for others. A claim is asked for until its owner
// has looked. Who meets one that is held, or asked for by a file that sorts lower, gives way; who
// meets one that sorts higher waits for it, as its owner may have looked too early. So exactly one
// goes on, and the claim of a process that was killed binds nobody. Who starts a launcher in the
// background claims for it: that one takes over what its parent holds.

import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, markOf, type ProcessMark } from '../process/liveness.ts';
import { filesIn, runFolder, runningClusters } from './registry.ts';
import { draftOf, writeWhole } from './whole-file.ts';

/** What only one cluster may have. */
export interface Claimed {
  readonly name: string;
  /** Absolute; null: in memory. */
  readonly dataDir: string | null;
}

/** This start has the name and the folder to itself. */
export interface Claim {
  /** The cluster is announced, or is not started after all. */
  release(): void;
}

/** A cluster of this name, or on this folder, runs or is being started. */
export class ClusterRuns extends Error {
  override readonly name = 'ClusterRuns';
  /** The name of that one. */
  readonly running: string;
  /** It cannot be found by its name yet. */
  readonly isStarting: boolean;

  constructor(message: string, running: string, isStarting = false) {
    super(message);
    this.running = running;
    this.isStarting = isStarting;
  }
}

/** A claim as its file has it. */
interface Entry extends Claimed, ProcessMark {
  /** Its owner has looked, and goes on. */
  readonly held: boolean;
}

interface Rival {
  readonly file: string;
  readonly entry: Entry;
}

const SUFFIX = '.claim';

/** Between making a claim and having looked lies one turn of the event loop. An owner that stands
 * still for longer counts as one that has looked. */
const LOOK_EVERY_MS = 20;
const LOOKS_MAX = 100;

/** Claims the name and the folder for this process, in a folder that exists. Rejects with
 * ClusterRuns where another has either. */
export async function claim(wanted: Claimed, folder: string = runFolder()): Promise<Claim> {
  const file = `${wanted.name}.${process.pid}.${randomBytes(4).toString('hex')}${SUFFIX}`;
  const path = join(folder, file);
  const entry: Entry = { ...wanted, ...markOf(), held: false };
  const release = () => rmSync(path, { force: true });
  try {
    if (!isHandedDown(file, wanted, folder)) {
      write(path, entry);
      await outlast(file, wanted, folder);
      // Whoever gave its claim back in favour of its announcement has announced it before.
      await refuseRunning(wanted, folder);
    }
    write(path, { ...entry, held: true });
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

/** The parent of this process has looked already, and holds on to it meanwhile. */
function isHandedDown(own: string, wanted: Claimed, folder: string): boolean {
  const rivals = rivalsOf(own, wanted, folder);
  return rivals.some(({ entry }) => entry.held && entry.pid === process.ppid);
}

/** Resolves when nobody else claims it any more. Rejects with ClusterRuns. */
async function outlast(file: string, wanted: Claimed, folder: string): Promise<void> {
  for (let looks = 1; ; looks += 1) {
    const rivals = rivalsOf(file, wanted, folder);
    const first = rivals.find((rival) => rival.entry.held || rival.file < file);
    const winner = first ?? (looks < LOOKS_MAX ? undefined : rivals[0]);
    if (winner !== undefined) throw startsAlready(winner.entry, wanted);
    if (rivals.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** The claims of others to the same; those that dead processes left are removed. */
function rivalsOf(own: string, wanted: Claimed, folder: string): Rival[] {
  return claimsIn(folder).flatMap((rival) => {
    if (rival.file === own) return [];
    if (isAlive(rival.entry)) return isSame(rival.entry, wanted) ? [rival] : [];
    rmSync(join(folder, rival.file), { force: true });
    return [];
  });
}

function claimsIn(folder: string): Rival[] {
  return filesIn(folder, SUFFIX).flatMap((file) => {
    const entry = read(join(folder, file));
    return entry === null ? [] : [{ file, entry }];
  });
}

const isSame = (entry: Claimed, { name, dataDir }: Claimed): boolean =>
  entry.name === name || (dataDir !== null && entry.dataDir === dataDir);

function startsAlready({ name, pid }: Entry, wanted: Claimed): ClusterRuns {
  const sentence =
    name === wanted.name
      ? `a cluster ${name} is being started (pid ${pid})`
      : `${wanted.dataDir} is in use by the cluster ${name}, which is being started (pid ${pid})`;
  return new ClusterRuns(sentence, name, true);
}

/** Who has claimed a cluster that is not announced yet: its launcher, and before that the process
 * that has started one in the background. */
export interface StartingCluster extends Claimed, ProcessMark {}

/** Of those that have looked, and go on; ordered by when the processes began. */
export function startingClusters(folder: string = runFolder()): StartingCluster[] {
  return claimsIn(folder)
    .flatMap(({ entry: { held, ...cluster } }) => (held && isAlive(cluster) ? [cluster] : []))
    .sort((a, b) => Number(a.startTime) - Number(b.startTime));
}

/** Rejects with ClusterRuns where a cluster that is announced has the name or the folder. */
export async function refuseRunning(wanted: Claimed, folder: string = runFolder()): Promise<void> {
  const running = (await runningClusters(folder)).find((cluster) => isSame(cluster, wanted));
  if (running === undefined) return;
  const { name, pid } = running;
  const sentence =
    name === wanted.name
      ? `a cluster ${name} runs already (pid ${pid})`
      : `${wanted.dataDir} is in use by the cluster ${name} (pid ${pid})`;
  throw new ClusterRuns(sentence, name);
}

function write(path: string, entry: Entry): void {
  writeWhole(path, `${JSON.stringify(entry)}\n`, draftOf(path), 0o600);
}

function read(path: string): Entry | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Entry>;
    const whole = typeof value.name === 'string' && Number.isSafeInteger(value.pid);
    return whole ? (value as Entry) : null;
  } catch {
    // Given back a moment ago, or not written by replog: nobody's claim either way.
    return null;
  }
}
