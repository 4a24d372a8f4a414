// replog node: a node whose role the arbiter decides. Also what master and secondary have in
// common.

import { type Command, Option } from 'commander';
import type { ServeNodeOptions } from '../../node/serve.ts';
import { parseNodeId } from '../arguments/node-id.ts';
import { addServerOptions, type ServerFlags, serverSettings } from '../arguments/server-options.ts';
import { parseUrl, parseUrls } from '../arguments/url.ts';
import { parseWriteConcern, refuseUnsatisfiable } from '../arguments/write-concern.ts';
import { compileEarly } from '../compilation.ts';
import { examples } from '../printing/examples.ts';
import { serve } from '../serve.ts';

/** The options of all commands that run a node. */
export interface NodeFlags extends ServerFlags {
  readonly id?: string;
  readonly join?: readonly string[];
  readonly advertise?: string;
  readonly w?: ServeNodeOptions['w'];
  readonly faults?: boolean;
  readonly leave?: boolean;
  readonly secondaries?: number;
}

/** Adds the options of all commands that run a node. */
export function addNodeOptions(command: Command, port: number, id: string): Command {
  command
    .addOption(new Option('--id <id>', `name of the node (default: ${id})`).argParser(parseNodeId))
    .option(
      '--advertise <url>',
      'URL by which others reach the node (default: where it listens)',
      parseUrl,
    )
    .option('--faults', 'offer the /faults routes, which break the node on purpose')
    .option('--leave', 'give up the membership for good when the process is told to stop');
  return addServerOptions(command, port);
}

/** The option that sets what a master does for writes that name no write concern. */
export function writeConcernOption(): Option {
  return new Option('--w <w>', 'write concern of messages that name none: 1…n, majority or all')
    .argParser(parseWriteConcern)
    .default('majority');
}

/** Runs a node until it is told to stop. `id`: where none was given. */
export async function runNode(
  role: ServeNodeOptions['role'],
  flags: NodeFlags,
  id: string,
): Promise<void> {
  const node = flags.id ?? id;
  refuseUnsatisfiable(flags.w, flags.secondaries);
  const settings = serverSettings(flags, node);
  const { serveNode } = await import('../../node/serve.ts');
  const { isEvery } = await import('../../node/own-url.ts');
  const what = role === null ? node : `${role} ${node}`;
  await serve({ what, name: node }, settings, flags, async (onNote) => {
    const running = await serveNode({
      ...settings,
      onNote,
      id: node,
      role,
      join: flags.join ?? null,
      advertise: flags.advertise ?? null,
      size: flags.secondaries === undefined ? null : flags.secondaries + 1,
      w: flags.w ?? 'majority',
      faults: flags.faults ?? false,
      onWork: compileEarly,
    });
    const { url } = running;
    if (isEvery(settings.host) && flags.advertise === undefined) {
      onNote({ event: 'local-url', url });
    }
    return running;
  });
}

export function register(program: Command): void {
  const command = program
    .command('node')
    .description('run a node; the arbiter gives it its role')
    .requiredOption('--join <urls>', 'the arbiter of the cluster, or several: URL,URL', parseUrls);
  addNodeOptions(command, 4000, 'nPORT')
    .addOption(writeConcernOption())
    .addHelpText(
      'after',
      examples(
        ['replog node --join http://127.0.0.1:3999 --port 4000 --id n1', 'the first one is master'],
        ['replog node --join http://127.0.0.1:3999 --port 4001 --id n2', 'the next is a secondary'],
        [
          'replog node --join http://10.0.0.1:3999 --host 10.0.0.2 --id n3',
          'on another machine, with the token in REPLOG_TOKEN: see docs/operating.md',
        ],
      ),
    )
    // Several nodes on one machine differ by their ports.
    .action((flags: NodeFlags) => runNode(null, flags, `n${flags.port || process.pid}`));
}
