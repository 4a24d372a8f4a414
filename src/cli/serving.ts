// The entry of the commands that serve: a bundle of their own, in one file, whose code is compiled
// when it is built. A cluster starts as many of these processes as it has nodes.

import type { Command } from 'commander';
import { register as registerArbiter } from './commands/arbiter.ts';
import { register as registerCluster } from './commands/cluster.ts';
import { register as registerMaster } from './commands/master.ts';
import { register as registerNode } from './commands/node.ts';
import { register as registerSecondary } from './commands/secondary.ts';
import { start } from './program.ts';

/** What they are, in the order of the help page; bin/replog.js knows them by name. */
export const SERVING: readonly ((program: Command) => void)[] = [
  registerCluster,
  registerMaster,
  registerSecondary,
  registerNode,
  registerArbiter,
];

/** Runs the command line; `argv` as in process.argv. Knows the commands that serve, no others. */
export function main(argv: string[]): Promise<void> {
  return start(argv, SERVING);
}
