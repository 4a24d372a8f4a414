// replog arbiter: admits nodes and gives roles, in a process of its own.

import type { Command } from 'commander';
import {
  addServerOptions,
  type ServerFlags,
  type ServerSettings,
  serverSettings,
} from '../arguments/server-options.ts';
import { parseUrls } from '../arguments/url.ts';
import { refuseBoth, refuseWithout } from '../arguments/vain-options.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { UsageError } from '../exit.ts';
import { examples } from '../printing/examples.ts';
import { serve } from '../serve.ts';

/** Of the keys in etcd, where none is given. */
const PREFIX = 'replog/';

interface ArbiterFlags extends ServerFlags {
  readonly etcd?: readonly string[];
  readonly etcdPrefix?: string;
  readonly secondaries?: number;
  readonly failover?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('arbiter')
    .description('run an arbiter; nodes find each other through it')
    .option(
      '--secondaries <n>',
      'fixes the cluster size at n + 1 (default, or if more join: the number of members)',
      wholeNumber(0, 100),
    )
    .option('--failover', 'let another node take over from a master that is silent for 5 s')
    .option(
      '--etcd <urls>',
      'remember in etcd, URL or URL,URL: several arbiters may run, one of them is in charge',
      parseUrls,
    )
    .option('--etcd-prefix <text>', `what its keys there begin with (default: ${PREFIX})`);
  addServerOptions(command, 3999)
    .addHelpText(
      'after',
      examples(
        ['replog arbiter', 'on port 3999; goes on with the cluster that its folder remembers'],
        [
          'replog arbiter --memory',
          'knows nobody at its start; nodes go on with the data they have',
        ],
        [
          'replog arbiter --secondaries 2 --failover',
          'two of three nodes that hear nothing of the master get another',
        ],
        ['replog node --join http://127.0.0.1:3999', 'in another terminal: a node joins'],
        [
          'replog arbiter --etcd http://10.0.0.1:2379 --secondaries 2 --failover',
          'the same on two machines: when one is gone, the other is in charge',
        ],
      ),
    )
    .action(async (flags: ArbiterFlags) => {
      const settings = settingsOf(flags);
      const { serveArbiter } = await import('../../node/arbiter/serve-arbiter.ts');
      await serve('arbiter', settings, flags, async (tell) => {
        const size = flags.secondaries === undefined ? null : flags.secondaries + 1;
        const { etcd: endpoints, etcdPrefix: prefix = PREFIX, failover = false } = flags;
        const etcd = endpoints === undefined ? {} : { etcd: { endpoints, prefix, onTurn: tell } };
        const arbiter = await serveArbiter({ ...settings, ...etcd, size, failover });
        const { url, stopped } = arbiter;
        const members = arbiter.members().map(({ node }) => node);
        if (members.length > 0)
          tell({ event: 'remembered', master: arbiter.master()?.node ?? null, members });
        return { url, node: null, role: () => null, stop: () => arbiter.stop(), stopped };
      });
    });
}

/** Checks what commander cannot. Throws UsageError. */
function settingsOf(flags: ArbiterFlags): ServerSettings {
  const { dataDir, etcd, etcdPrefix, memory } = flags;
  refuseWithout(etcdPrefix, etcd, '--etcd-prefix', '--etcd');
  refuseBoth(etcd, memory, '--etcd', '--memory');
  refuseBoth(etcd, dataDir, '--etcd', '--data-dir');
  if (etcd === undefined) return serverSettings(flags, 'arbiter');
  if (etcdPrefix === '') throw new UsageError('the prefix is empty', 'leave it out');
  const remembers = `remembers in etcd at ${etcd.join(' or ')}`;
  return { ...serverSettings({ ...flags, memory: true }, 'arbiter'), remembers };
}
