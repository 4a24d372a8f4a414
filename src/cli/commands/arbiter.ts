// replog arbiter: admits nodes and gives roles, in a process of its own.

import type { Command } from 'commander';
import { addEtcdOptions, type EtcdFlags, etcdSettings } from '../arguments/etcd-options.ts';
import {
  addServerOptions,
  type ServerFlags,
  type ServerSettings,
  serverSettings,
} from '../arguments/server-options.ts';
import { refuseBoth } from '../arguments/vain-options.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { examples } from '../printing/examples.ts';
import { serve } from '../serve.ts';

interface ArbiterFlags extends EtcdFlags, ServerFlags {
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
    .option('--failover', 'let another node take over from a master that is silent for 5 s');
  addServerOptions(addEtcdOptions(command), 3999)
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
      const etcd = await etcdSettings(flags);
      const settings = settingsOf(flags);
      const { serveArbiter } = await import('../../node/arbiter/serve-arbiter.ts');
      const called = { what: 'arbiter', name: 'arbiter' };
      await serve(called, settings, flags, async (tell) => {
        const size = flags.secondaries === undefined ? null : flags.secondaries + 1;
        const { failover = false } = flags;
        const shared = etcd === null ? {} : { etcd: { ...etcd, onTurn: tell } };
        const arbiter = await serveArbiter({ ...settings, ...shared, size, failover });
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
  const { dataDir, etcd, memory } = flags;
  refuseBoth(etcd, memory, '--etcd', '--memory');
  refuseBoth(etcd, dataDir, '--etcd', '--data-dir');
  if (etcd === undefined) return serverSettings(flags, 'arbiter');
  const remembers = `remembers in etcd at ${etcd.join(' or ')}`;
  return { ...serverSettings({ ...flags, memory: true }, 'arbiter'), remembers };
}
