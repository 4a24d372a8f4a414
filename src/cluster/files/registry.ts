// Which clusters run on this machine, so that commands find them without flags: one JSON file per
// launcher in a folder of this user's. A file is a claim, the living process its proof: entries of
// dead launchers are passed over and cleaned up.

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, markOf, type ProcessMark } from '../process/liveness.ts';
import { isOfProcesses } from './folder-of-processes.ts';
import { draftOf, removeAbandonedDrafts, writeWhole } from './whole-file.ts';

/** A cluster as its launcher announces it. */
export interface RunningCluster {
  readonly name: string;
  /** Of the launcher. */
  readonly pid: number;
  /** Base URL of the launcher's control routes. */
  readonly control: string;
  readonly arbiter: string;
  /** URL of the master; null while there is none. */
  readonly master: string | null;
  readonly nodes: readonly {
    readonly node: string;
    readonly role: string | null;
    readonly url: string;
    readonly pid: number | null;
  }[];
  /** No members any more; their processes go on until they are stopped. */
  readonly removed?: RunningCluster['nodes'];
  /** Absolute; null for a cluster that lives in memory. */
  readonly dataDir: string | null;
}

/** This process's entry. */
export interface Registration {
  /** Replaces what is announced. Throws if it cannot be written. */
  update(cluster: RunningCluster): void;
  /** It is ending: no command finds it any more but `replog stop`, which waits for its end. */
  leave(): void;
  /** Nothing of it is left. */
  remove(): void;
}

/** The folder of this user's entries. */
export function runFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.REPLOG_RUN_DIR) return env.REPLOG_RUN_DIR;
  if (env.XDG_RUNTIME_DIR) return join(env.XDG_RUNTIME_DIR, 'replog');
  return join(tmpdir(), `replog-${process.getuid?.() ?? 'user'}`);
}

/** How the file of a cluster that runs ends, and that of one which is ending. */
const ANNOUNCED = '.json';
const LEAVING = '.leaving';

const ANOTHERS = 'belongs to another user';

/** A cluster cannot be announced: nobody would find it. */
export class RunFolderUnusable extends Error {
  override readonly name = 'RunFolderUnusable';
  readonly folder: string;

  /** `cause`: what the system says; undefined: the folder belongs to another user. */
  constructor(folder: string, cause?: unknown) {
    const reason = cause instanceof Error ? `cannot be used: ${cause.message}` : ANOTHERS;
    super(`${folder} ${reason}`, { cause });
    this.folder = folder;
  }
}

/** Makes the folder, proves that something can be written there, and tidies up after writers that
 * were killed. Throws RunFolderUnusable. */
export function claimRunFolder(folder: string = runFolder()): void {
  try {
    if (isOfProcesses(folder)) throw new Error('no folder can be made there');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(folder)) throw new RunFolderUnusable(folder);
    const proof = draftOf(join(folder, 'claim'));
    writeFileSync(proof, '', { mode: 0o600 });
    rmSync(proof);
    removeAbandonedDrafts(folder);
    // Looking removes what dead ones have left.
    stoppingClusters(folder);
  } catch (error) {
    throw error instanceof RunFolderUnusable ? error : new RunFolderUnusable(folder, error);
  }
}

/** All clusters whose launcher is alive, ordered by name. */
export async function runningClusters(folder: string = runFolder()): Promise<RunningCluster[]> {
  const found: RunningCluster[] = [];
  for (const { path, entry } of entriesIn(folder)) {
    if (isAlive(entry)) found.push(withoutMarks(entry));
    // Whoever left this behind is gone and cannot write it again.
    else if (orphansOf(entry).length === 0) rmSync(path, { force: true });
  }
  // Those that died while they were ending have left something, too.
  stoppingClusters(folder);
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.pid - b.pid));
}

/** The launchers that are ending their nodes, and then themselves. */
export function stoppingClusters(
  folder: string = runFolder(),
): (ProcessMark & { readonly name: string })[] {
  return entriesIn(folder, LEAVING).flatMap(({ path, entry }) => {
    const { name, pid, startTime } = entry;
    if (isAlive(entry)) return [{ name, pid, startTime }];
    if (orphansOf(entry).length === 0) rmSync(path, { force: true });
    return [];
  });
}

/** A node's process that has outlived its launcher: one that stood still when that was killed has
 * not noticed. */
export interface Orphan extends ProcessMark {
  readonly node: string;
  readonly url: string;
  /** Name of its cluster. */
  readonly cluster: string;
}

/** The nodes that have outlived their launcher. A process that cannot be told from a later one with
 * the same pid is never taken for one. */
export function orphans(folder: string = runFolder()): Orphan[] {
  // One that was killed while it ended its nodes has left those that it had not reached.
  const entries = [...entriesIn(folder), ...entriesIn(folder, LEAVING)];
  return entries.flatMap(({ entry }) => (isAlive(entry) ? [] : orphansOf(entry)));
}

function orphansOf(entry: Entry): Orphan[] {
  const { name, nodeStarts = {} } = entry;
  return processesOf(entry).flatMap(({ node, url, pid }) => {
    const startTime = nodeStarts[node] ?? null;
    if (pid === null || startTime === null || !isAlive({ pid, startTime })) return [];
    return [{ node, url, cluster: name, pid, startTime }];
  });
}

function entriesIn(folder: string, suffix = ANNOUNCED): { path: string; entry: Entry }[] {
  return filesIn(folder, suffix).flatMap((file) => {
    const path = join(folder, file);
    const entry = readEntry(path);
    return entry === null ? [] : [{ path, entry }];
  });
}

/** The files of this user's launchers whose names end so; none if the folder is not there. */
export function filesIn(folder: string, suffix: string): string[] {
  // Another user's folder under the shared /tmp could send commands, and a token, anywhere.
  if (!isOurs(folder)) return [];
  return readdirSync(folder).filter((file) => file.endsWith(suffix));
}

/** Announces a cluster that is launched by this process. */
export function register(cluster: RunningCluster, folder: string = runFolder()): Registration {
  const place = join(folder, `${cluster.name}.${cluster.pid}`);
  const [path, leaving] = [`${place}${ANNOUNCED}`, `${place}${LEAVING}`];
  let removed = false;
  const update = (next: RunningCluster) => {
    if (removed) return;
    // Whoever tidies up under /tmp may have taken the folder away meanwhile.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(folder)) throw new RunFolderUnusable(folder);
    const entry: Entry = {
      ...next,
      startTime: markOf(next.pid).startTime,
      nodeStarts: Object.fromEntries(
        processesOf(next).map(({ node, pid }) => [node, startOf(pid)]),
      ),
    };
    writeWhole(path, `${JSON.stringify(entry)}\n`, draftOf(path), 0o600);
  };
  update(cluster);
  return {
    update,
    leave: () => {
      removed = true;
      try {
        renameSync(path, leaving);
      } catch {
        // Left already, or in a folder that takes no files any more: then nobody waits for it.
        rmSync(path, { force: true });
      }
    },
    remove: () => {
      removed = true;
      rmSync(path, { force: true });
      rmSync(leaving, { force: true });
    },
  };
}

/** `startTime` and `nodeStarts` tell processes from later ones with their pids. */
type Entry = RunningCluster & {
  readonly startTime: string | null;
  readonly nodeStarts?: Readonly<Record<string, string | null>>;
};

/** What the launcher has started: a removed node outlives it as others do. */
const processesOf = ({ nodes, removed = [] }: RunningCluster): RunningCluster['nodes'] => [
  ...nodes,
  ...removed,
];

const startOf = (pid: number | null): string | null =>
  pid === null ? null : markOf(pid).startTime;

function withoutMarks({ startTime: _, nodeStarts: __, ...cluster }: Entry): RunningCluster {
  return cluster;
}

function readEntry(path: string): Entry | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Entry>;
    const whole =
      typeof value.name === 'string' &&
      typeof value.control === 'string' &&
      Number.isSafeInteger(value.pid) &&
      value.pid! > 0 &&
      Array.isArray(value.nodes);
    return whole ? (value as Entry) : null;
  } catch {
    // Removed by its owner a moment ago, or not written by replog: no cluster of ours either way.
    return null;
  }
}

function isOurs(folder: string): boolean {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) return false;
  return process.getuid === undefined || found.uid === process.getuid();
}
