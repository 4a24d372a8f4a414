// Which cluster a command talks to: `--url`, else REPLOG_URL, else the one that runs on this
// machine, else the default port.

import type { Command } from 'commander';
import type { Health } from '../../client/answers.ts';
import type { ReplogClient } from '../../client/client.ts';
import { Unreachable } from '../../client/errors.ts';
import { baseUrl } from '../../client/wire/base-url.ts';
import type { RunningCluster } from '../../cluster/files/registry.ts';
import { readToken } from '../arguments/token.ts';
import { UsageError } from '../exit.ts';

/** A node that is there but says nothing for so long, a paused one for example, is unreachable. A
 * linearizable read takes a few seconds where no majority answers. */
const ANSWER_MS = 10_000;

const DEFAULT_URL = 'http://127.0.0.1:4000';

/** None of the clusters that run has the name. */
export class NoSuchCluster extends UsageError {}

/** The options that `addTargetOptions` adds. */
export interface TargetOptions {
  readonly url?: string;
  readonly name?: string;
  readonly tokenFile?: string;
}

export interface Target {
  /** Base URL of the node to talk to. */
  readonly url: string;
  /** Base URL of the launcher's control routes; null if no launcher is known. */
  readonly control: string | null;
  /** The registry's entry; null if the URL belongs to none. */
  readonly cluster: RunningCluster | null;
  /** Whether a person or script named the URL, rather than this machine. */
  readonly named: boolean;
  readonly token: string | undefined;
}

/** What is known outside the command line. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly running: () => Promise<readonly RunningCluster[]>;
}

/** `unnamed`: what is meant where neither a URL nor a name is given. */
export function addTargetOptions(
  command: Command,
  unnamed = 'REPLOG_URL, else the running cluster',
): Command {
  return command
    .option('--url <url>', `a node of the cluster (default: ${unnamed})`)
    .option('--name <name>', 'the running cluster of this name')
    .option(
      '--token-file <file>',
      "file with the cluster's token, its first line (default: REPLOG_TOKEN)",
    );
}

/** Throws UsageError or InvalidUrl. */
export async function findTarget(
  options: TargetOptions,
  { env, running }: Surroundings = { env: process.env, running: registered },
): Promise<Target> {
  const token = readToken(options.tokenFile, env);
  if (options.url !== undefined && options.name !== undefined) {
    throw new UsageError('--url and --name say the same thing twice', 'leave one of them out');
  }
  const clusters = await running();
  // A variable that is empty is one that nobody set; an empty --url is a mistake.
  const set = options.name === undefined ? env.REPLOG_URL || undefined : undefined;
  const given = options.url ?? set;
  if (given !== undefined) {
    const url = baseUrl(given);
    const cluster = clusters.find((candidate) => urlsOf(candidate).includes(url)) ?? null;
    return { url, control: cluster?.control ?? null, cluster, named: true, token };
  }
  const cluster = chooseCluster(clusters, options.name);
  if (cluster === null) {
    return { url: DEFAULT_URL, control: null, cluster: null, named: false, token };
  }
  return found(cluster, token);
}

/** A cluster that runs on this machine, as a target. Throws UsageError for a token that cannot be
 * read. */
export function targetOf(
  cluster: RunningCluster,
  options: Pick<TargetOptions, 'tokenFile'>,
): Target {
  return found(cluster, readToken(options.tokenFile, process.env));
}

function found(cluster: RunningCluster, token: string | undefined): Target {
  return { url: urlOf(cluster), control: cluster.control, cluster, named: false, token };
}

/** A client for the target, or for another URL with the same token. Loaded here, late. */
export async function connect(
  target: Target,
  url: string = target.url,
  answerMs: number = ANSWER_MS,
): Promise<ReplogClient> {
  const { ReplogClient } = await import('../../client/client.ts');
  return new ReplogClient({ url, token: target.token, answerMs });
}

/** A master that lives answers at once; a paused one never, and what is known waits for it. */
const MASTER_MS = 2_000;

/** What the node at `url` says, which another has named as its master; the error if it does not
 * answer. */
export async function masterBeside(
  target: Target,
  url: string,
  signal: AbortSignal,
): Promise<Health | Unreachable> {
  try {
    return await (await connect(target, url, MASTER_MS)).health({ signal });
  } catch (error) {
    if (error instanceof Unreachable) return error;
    throw error;
  }
}

/** The clusters that run on this machine. */
export async function registered(): Promise<readonly RunningCluster[]> {
  const { runningClusters } = await import('../../cluster/files/registry.ts');
  return runningClusters();
}

function chooseCluster(
  clusters: readonly RunningCluster[],
  name: string | undefined,
): RunningCluster | null {
  const chosen = clusters.filter((cluster) => name === undefined || cluster.name === name);
  if (chosen.length === 1) return chosen[0]!;
  const list = clusters.map((cluster) => `${cluster.name} (${urlOf(cluster)})`).join(', ');
  if (chosen.length > 1) {
    throw new UsageError(
      `several clusters are running: ${list}`,
      'choose one with --name or --url',
    );
  }
  if (name === undefined) return null;
  throw new NoSuchCluster(
    `no cluster named "${name}" is running`,
    list === ''
      ? `start it with \`replog cluster --name ${name}\`, and the --port and --data-dir it had`
      : `running: ${list}`,
  );
}

/** The master if it is up, else any node that is: it knows the way, or will. */
function urlOf(cluster: RunningCluster): string {
  const up = cluster.nodes.filter((node) => node.pid !== null);
  const master = up.find((node) => node.url === cluster.master);
  return (master ?? up[0])?.url ?? cluster.master ?? cluster.nodes[0]?.url ?? DEFAULT_URL;
}

function urlsOf(cluster: RunningCluster): string[] {
  const own = [cluster.control, cluster.arbiter, cluster.master ?? cluster.control];
  return [...own, ...cluster.nodes.map((node) => node.url)].map((url) => url.replace(/\/+$/, ''));
}
