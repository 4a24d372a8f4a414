// The commands that a hint names: those that bring back nodes that are missing, and what any of
// them needs to find the cluster that the hint is about.

import { NotRunning, START, UsageError } from '../exit.ts';
import { listed } from '../printing/listed.ts';
import { findLauncher } from './launcher.ts';
import { findTarget, type TargetOptions } from './target.ts';

/** A hint is worth no longer wait: whoever reads it has waited already. */
const ASK_MS = 1_000;

/** Nobody answers where no launcher of this machine has put anybody. */
const ALONE =
  'no launcher here knows that address: start what was there again where it ran, as before, or a' +
  ' cluster with `replog cluster`';

/** The commands that look for a running cluster by themselves: they take `--url` and `--name`. The
 * commands that serve name them too, in a program of their own that has none of them. */
export const AIMED: ReadonlySet<string> = new Set([
  ...['append', 'list', 'kv', 'outcome', 'explain', 'health', 'what-if', 'echo', 'dashboard'],
  ...['ps', 'stop', 'start', 'restart', 'kill', 'pause', 'resume', 'add', 'rm', 'fault'],
  ...['backup', 'bench', 'chaos'],
]);

/** A command in a hint, up to the backtick behind it. What is quoted for a shell may have some. */
const COMMAND = /`replog ([a-z-]+)(?:\\.|'[^']*'|[^`])*/g;

/** The hint with `--name` or `--url` in every command that would not find this cluster without. */
export function aimed(hint: string, { name, url }: TargetOptions): string {
  const flag = url === undefined ? name && ` --name ${name}` : ` --url ${url}`;
  if (!flag) return hint;
  return hint.replace(COMMAND, (line, command: string) =>
    AIMED.has(command) && !/ --(?:name|url) /.test(line) ? line + flag : line,
  );
}

/** What finds the same cluster from any command: the control port of a launcher, which some take,
 * is for most of them no place to go. */
export async function fromAnywhere(options: TargetOptions): Promise<TargetOptions> {
  if (options.url === undefined) return options;
  try {
    const { cluster, control, url } = await findTarget(options);
    if (cluster === null || control !== url) return options;
    const { url: _, ...rest } = options;
    return { ...rest, name: cluster.name };
  } catch {
    // As for the way back: it was about something else.
    return options;
  }
}

/** What brings these nodes back; null if their launcher knows a way for none of them, or does not
 * answer. */
export async function wayBack(
  missing: readonly string[],
  options: TargetOptions,
): Promise<string | null> {
  try {
    const target = await findTarget(options);
    const { report } = await findLauncher(target, {
      signal: AbortSignal.timeout(ASK_MS),
    });
    const commands = report.nodes
      .filter(({ node }) => missing.includes(node))
      .flatMap(({ node, state }) => commandFor(node, state) ?? []);
    return commands.length === 0
      ? null
      : `bring ${commands.length === 1 ? 'it' : 'them'} back with ${commands.join(' and ')}`;
  } catch (error) {
    // Single nodes have no launcher: no command of ours brings them back.
    if (missing.length > 0 && (error instanceof NotRunning || error instanceof UsageError)) {
      return `no launcher is known: start ${listed(missing)} again where they ran, as before`;
    }
    // It was about something else: the error that is reported must not be replaced by this one.
    return null;
  }
}

/** What brings a master back, or there for the first time, where no launcher knows of it; null if
 * one does, or that cannot be told. */
export async function wayToMaster(options: TargetOptions): Promise<string | null> {
  try {
    await findLauncher(await findTarget(options), { signal: AbortSignal.timeout(ASK_MS) });
    return null;
  } catch (error) {
    const single = error instanceof NotRunning || error instanceof UsageError;
    const start = 'start the master again where it ran, or the first one with `replog master`';
    return single ? `no launcher is known: ${start}` : null;
  }
}

/** What brings somebody to an address where nobody answers; null if a launcher on this machine
 * knows it, and nothing is to be done there. */
export async function wayToAnswer(url: string, options: TargetOptions): Promise<string | null> {
  try {
    const { named } = await findTarget(options);
    const { name: _, ...rest } = options;
    const { cluster } = await findTarget({ ...rest, url });
    const known = cluster?.nodes.filter((node) => node.url === url).map(({ node }) => node);
    if (known !== undefined) return await wayBack(known, { ...rest, url });
    return named ? ALONE : START;
  } catch {
    // As for the way back: it was about something else.
    return null;
  }
}

function commandFor(node: string, state: string): string | null {
  switch (state) {
    case 'paused':
      return `\`replog resume ${node}\``;
    case 'stopped':
    case 'exited':
      return `\`replog start ${node}\``;
    default:
      return null;
  }
}
