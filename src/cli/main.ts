// The command line's entry: all commands.
//
// Commands load what is heavy (HTTP, servers, processes) inside their action: help stays quick.

import type { Command } from 'commander';
import { register as registerAdd } from './commands/add.ts';
import { register as registerAppend } from './commands/append.ts';
import { register as registerBackup } from './commands/backup.ts';
import { register as registerBench } from './commands/bench.ts';
import { register as registerChaos } from './commands/chaos.ts';
import { register as registerCheck } from './commands/check.ts';
import { register as registerControl } from './commands/control.ts';
import { register as registerDashboard } from './commands/dashboard.ts';
import { register as registerDemo } from './commands/demo.ts';
import { register as registerEcho } from './commands/echo.ts';
import { register as registerExplain } from './commands/explain.ts';
import { register as registerFault } from './commands/fault.ts';
import { register as registerHealth } from './commands/health.ts';
import { register as registerKv } from './commands/kv.ts';
import { register as registerList } from './commands/list.ts';
import { register as registerOutcome } from './commands/outcome.ts';
import { register as registerPs } from './commands/ps.ts';
import { register as registerRepair } from './commands/repair.ts';
import { register as registerReplay } from './commands/replay.ts';
import { register as registerRestore } from './commands/restore.ts';
import { register as registerRm } from './commands/rm.ts';
import { register as registerScenario } from './commands/scenario.ts';
import { register as registerSim } from './commands/sim.ts';
import { register as registerVerify } from './commands/verify.ts';
import { register as registerWhatIf } from './commands/what-if.ts';
import { start } from './program.ts';
import { SERVING } from './serving.ts';

/** In the order of the help page: start, use, look, control, break, learn, keep. */
export const COMMANDS: readonly ((program: Command) => void)[] = [
  ...SERVING,
  registerAppend,
  registerList,
  registerKv,
  registerOutcome,
  registerExplain,
  registerHealth,
  registerWhatIf,
  registerEcho,
  registerDashboard,
  registerPs,
  registerControl,
  registerAdd,
  registerRm,
  registerFault,
  registerDemo,
  registerScenario,
  registerBackup,
  registerRestore,
  registerVerify,
  registerRepair,
  registerBench,
  registerSim,
  registerCheck,
  registerChaos,
  registerReplay,
];

/** Runs the command line; `argv` as in process.argv. */
export function main(argv: string[]): Promise<void> {
  return start(argv, COMMANDS);
}
