// The commands that a hint names: those that bring back nodes that are missing, and what any of
// them needs to find the cluster that the hint is about.

import { findLauncher } from './launcher.ts';
import { findTarget, type TargetOptions } from './target.ts';

/** A hint is worth no longer wait: whoever reads it has waited already. */
const ASK_MS = 1_000;

/** The commands that look for a running cluster by themselves. */
const AIMED = new RegExp(
  '`replog (?:append|list|kv|outcome|explain|health|echo|ps|stop|start|restart|kill|pause|resume' +
    '|add|rm|fault|backup|bench|chaos)\\b[^`]*',
  'g',
);

/** The hint with `--name` or `--url` in every command that would not find this cluster without. */
export function aimed(hint: string, { name, url }: TargetOptions): string {
  const flag = url === undefined ? name && ` --name ${name}` : ` --url ${url}`;
  if (!flag) return hint;
  return hint.replace(AIMED, (command) =>
    / --(?:name|url) /.test(command) ? command : `${command}${flag}`,
  );
}

/** What brings these nodes back; null if no launcher knows a way for any of them. */
export async function wayBack(
  missing: readonly string[],
  options: TargetOptions,
): Promise<string | null> {
  try {
    const target = await findTarget(options);
    const { report } = await findLauncher(target, AbortSignal.timeout(ASK_MS));
    const commands = report.nodes
      .filter(({ node }) => missing.includes(node))
      .flatMap(({ node, state }) => commandFor(node, state) ?? []);
    return commands.length === 0 ? null : `bring them back with ${commands.join(' and ')}`;
  } catch {
    // It was about something else: the error that is reported must not be replaced by this one.
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
