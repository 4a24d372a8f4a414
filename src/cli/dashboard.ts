// Opens the dashboard on this process's terminal, if it has one that can show it. Ink and React are
// loaded here, late, and nowhere else.

import type { ClientOptions } from '../client/options.ts';
import { boundHeap } from '../cluster/process/heap.ts';
import type { ClusterState } from '../dashboard/cluster/cluster-state.ts';
import type { Restorer } from '../dashboard/terminal/restorer.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { cleanText } from './printing/clean-text.ts';
import { wantsColour } from './printing/colour.ts';
import { isAsciiOnly } from './printing/locale.ts';

/** What is to be shown. */
export interface DashboardTarget {
  /** Base URL of the launcher; null if none is known. */
  readonly control: string | null;
  /** Base URL of a node to begin with. */
  readonly url: string;
  readonly name: string;
  /** Asked for each request, where it can become another meanwhile. */
  readonly token: ClientOptions['token'];
  /** To leave is to stop the cluster. */
  readonly owner: boolean;
  /** What command lines need to find this cluster, e.g. `--name b`; empty: nothing. */
  readonly flags: string;
}

/** Whether both ends of this process are a terminal of some size. */
export function onTerminal(): boolean {
  const { stdin, stdout } = process;
  if (stdin.isTTY !== true || stdout.isTTY !== true || process.env.TERM === 'dumb') return false;
  return stdout.columns > 0 && stdout.rows > 0;
}

/** What a dashboard needs and can be had before there is anything to show. */
export interface Prepared {
  readonly restorer: Promise<Restorer>;
}

/** Loads it, while whoever will open the dashboard waits for something else. */
export async function prepareDashboard(): Promise<Prepared> {
  const { watchTerminal } = await import('../dashboard/terminal/restorer.ts');
  const restorer = watchTerminal(process.stdin.fd);
  await load();
  return { restorer };
}

async function load(): Promise<DashboardParts> {
  // React remembers every update for its developers, for ever, unless it is told not to.
  Object.assign(process.env, { NODE_ENV: 'production' });
  return (await import('./dashboard-parts.ts')).dashboardParts;
}

/** Shows the cluster until a key or the signal ends it; then prints where everything stands. */
export async function showDashboard(
  target: DashboardTarget,
  signal: AbortSignal,
  prepared?: Prepared | null,
): Promise<void> {
  const { openDashboard, paletteFor, farewellLines, ReplogClient } = await load();
  // Every picture is made anew: what it leaves behind shall not pile up.
  boundHeap();
  const state: ClusterState = await openDashboard({
    ...target,
    restorer: prepared?.restorer,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    client: (url) => new ReplogClient({ url, token: target.token, retryForMs: 1_000 }),
    palette: paletteFor(wantsColour(process.stdout), process.env.COLORFGBG),
    unicode: !isAsciiOnly(process.stdout),
    clean: cleanText,
    signal,
  });
  process.stdout.write(`${farewellLines(state).join('\n')}\n`);
}
