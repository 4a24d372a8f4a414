// Everything between `replog cluster` and a running launcher: ports are checked, folders prepared,
// the arbiter is started and the cluster announced. Whatever fails leaves nothing running.

import type { RunningArbiter, serveArbiter } from '../../node/arbiter/serve-arbiter.ts';
import type { Tokens } from '../../node/http/tokens.ts';
import type { ClusterView, Control, NodeView } from '../control.ts';
import { Conflict } from '../control.ts';
import { controlRoutes } from '../control-routes.ts';
import type { Claim } from '../files/claim.ts';
import type { Layout } from '../files/layout.ts';
import type { Registration, RunningCluster } from '../files/registry.ts';
import { register } from '../files/registry.ts';
import type { Roster } from '../files/roster.ts';
import { foldersOf, readRoster, removeData, writeRoster } from '../files/roster.ts';
import { Launcher } from '../launcher.ts';
import { specOf } from '../node-program.ts';
import type { ClusterEvent, ReadyEvent } from '../report.ts';
import { LOOPBACK } from './ports.ts';
import { reserve, type Wanted } from './reservation.ts';

/** From the first process to the proof. A cold start of three nodes takes about one second. */
const READY_MS = 15_000;

/** What a cluster is to be, and how it is started. */
export interface LaunchOptions extends Wanted {
  readonly tokens: Tokens | null;
  readonly requireClientToken: boolean;
  readonly logLevel: string;
  /** How long the proof of readiness may take, in milliseconds; default 15,000. */
  readonly readyWithinMs?: number;
  readonly onEvent: (event: ClusterEvent) => void;
  readonly onLine: (node: string, line: string) => void;
  /** Given, since it loads much that not every process needs. */
  readonly startArbiter: typeof serveArbiter;
}

/** A cluster that is being launched. */
export interface Launch {
  /** Rejects if the cluster could not be started; then nothing of it is running. */
  readonly ready: Promise<ReadyEvent>;
  /** Rejects when a cluster that runs cannot go on. */
  readonly broken: Promise<void>;
  /** Stops everything in order. */
  stop(): Promise<void>;
  /** Ends everything at once. */
  kill(): Promise<void>;
  /** Tells the nodes that other tokens count now. */
  handOnTokens(): void;
}

/** Starts a cluster. Rejects before anything is started with PortTaken, ClusterRuns, ForeignFolder,
 * FolderInUse, RunFolderUnusable, or RangeError for ports, a write concern or a failover that
 * cannot be. */
export async function launch(options: LaunchOptions): Promise<Launch> {
  const { dataDir } = options;
  const { layout, roster, known, claim: place } = await reserve(options);
  try {
    if (dataDir !== null) {
      if (options.fresh) await removeUnused(dataDir);
      // A folder with anything in it is to say whose that is.
      if (!known) writeRoster(dataDir, roster);
    }
    return await launchClaimed(options, layout, roster, place);
  } catch (error) {
    place.release();
    throw error;
  }
}

async function launchClaimed(
  options: LaunchOptions,
  layout: Layout,
  roster: Roster,
  place: Claim,
): Promise<Launch> {
  const { dataDir } = layout;
  let launcher: Launcher | null = null;
  const arbiter = await startArbiter(options, layout, () => launcher);
  // Only now is the folder ours: whoever looks for clusters elsewhere has not met our claim.
  if (dataDir !== null) await writeOrStop(arbiter, dataDir, roster);
  let registration: Registration | null = null;
  const { tokens, onEvent, onLine } = options;
  launcher = new Launcher(
    {
      layout,
      usedIds: [...roster.nodes, ...roster.removed],
      tokens,
      readyWithinMs: options.readyWithinMs ?? READY_MS,
      specOf: (node, arbiterUrl) => specOf(node, { ...options, arbiterUrl }, process.env),
      onEvent: (event) => {
        // Whoever hears that it is ready may ask for it at once, and must find it.
        if (event.event === 'ready' && options.unlisted !== true) {
          registration = register(entryOf(running.view()));
          place.release();
        }
        onEvent(event);
      },
      onLine,
      // Each change writes all anew: what could not be written now is made up for by the next.
      onChange: (view, usedIds) => {
        attempt('the announcement', () => registration?.update(entryOf(view)), onLine);
        if (dataDir === null) return null;
        const roster = rosterOf(view, usedIds);
        return attempt('cluster.json', () => writeRoster(dataDir, roster), onLine);
      },
      now: () => performance.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
    arbiter,
  );
  const running = launcher;
  const farewell = async (end: Promise<void>) => {
    registration?.leave();
    try {
      await end;
    } finally {
      registration?.remove();
      place.release();
    }
  };
  return {
    ready: running.start(),
    broken: arbiter.stopped,
    stop: () => farewell(running.stop()),
    kill: () => farewell(running.kill()),
    handOnTokens: () => running.handOnTokens(),
  };
}

/** Returns why it could not be written; null: it was. A folder that takes no files, on a full disk
 * for example, is no reason to end a cluster. */
function attempt(what: string, write: () => void, onLine: LaunchOptions['onLine']): string | null {
  try {
    write();
    return null;
  } catch (error) {
    const problem = `${what} could not be written: ${(error as Error).message}`;
    onLine('launcher', problem);
    return problem;
  }
}

/** What cannot be started leaves nothing running. */
async function writeOrStop(
  arbiter: RunningArbiter,
  dataDir: string,
  roster: Roster,
): Promise<void> {
  try {
    writeRoster(dataDir, roster);
  } catch (error) {
    await arbiter.stop();
    throw error;
  }
}

/** A cluster that is still starting is not announced yet, and a node that was left behind is none
 * that runs: what they work on must not be removed. Rejects with FolderInUse. */
async function removeUnused(dataDir: string): Promise<void> {
  const { refuseFolderInUse } = await import('../../node/folder/folder-use.ts');
  const roster = readRoster(dataDir);
  const folders = roster === null ? [] : foldersOf(dataDir, roster);
  for (const folder of folders) await refuseFolderInUse(folder);
  removeData(dataDir);
}

function startArbiter(
  options: LaunchOptions,
  layout: Layout,
  launcher: () => Control | null,
): Promise<RunningArbiter> {
  const { failover = false, logLevel, requireClientToken, tokens } = options;
  const find = () => {
    const control = launcher();
    if (control === null) throw new Conflict('the cluster is being started');
    return control;
  };
  return options.startArbiter({
    host: LOOPBACK,
    ...layout.arbiter,
    size: layout.nodes.length,
    tokens,
    requireClientToken,
    logLevel,
    prefer: layout.nodes[0]?.node ?? '',
    failover,
    routes: controlRoutes(find),
  });
}

function entryOf(view: ClusterView): RunningCluster {
  const { name, pid, control, arbiter, dataDir, nodes } = view;
  const isMember = new Set(nodes.map(({ node }) => node));
  return {
    name,
    pid,
    control,
    arbiter,
    master: nodes.find((node) => node.role === 'master')?.url ?? null,
    nodes: nodes.map(placeIn),
    // Until it has left, one that is being removed is found among both.
    removed: view.removed.filter(({ node }) => !isMember.has(node)).map(placeIn),
    dataDir,
  };
}

const placeIn = ({ node, role, url, pid }: NodeView): RunningCluster['nodes'][number] => ({
  node,
  role,
  url,
  pid,
});

function rosterOf(view: ClusterView, usedIds: readonly string[]): Roster {
  const nodes = view.nodes.map(({ node }) => node);
  return { nodes, removed: usedIds.filter((id) => !nodes.includes(id)) };
}
