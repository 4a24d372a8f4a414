// The command line's entry: all commands, and the one place that sets the exit code.
//
// Commands load what is heavy (HTTP, servers, processes) inside their action: help stays quick.

import { register as registerAdd } from './commands/add.ts';
import { register as registerAppend } from './commands/append.ts';
import { register as registerArbiter } from './commands/arbiter.ts';
import { register as registerBackup } from './commands/backup.ts';
import { register as registerBench } from './commands/bench.ts';
import { register as registerCheck } from './commands/check.ts';
import { register as registerCluster } from './commands/cluster.ts';
import { register as registerControl } from './commands/control.ts';
import { register as registerDemo } from './commands/demo.ts';
import { register as registerEcho } from './commands/echo.ts';
import { register as registerFault } from './commands/fault.ts';
import { register as registerHealth } from './commands/health.ts';
import { register as registerKv } from './commands/kv.ts';
import { register as registerList } from './commands/list.ts';
import { register as registerMaster } from './commands/master.ts';
import { register as registerNode } from './commands/node.ts';
import { register as registerOutcome } from './commands/outcome.ts';
import { register as registerPs } from './commands/ps.ts';
import { register as registerRepair } from './commands/repair.ts';
import { register as registerRestore } from './commands/restore.ts';
import { register as registerRm } from './commands/rm.ts';
import { register as registerScenario } from './commands/scenario.ts';
import { register as registerSecondary } from './commands/secondary.ts';
import { register as registerSim } from './commands/sim.ts';
import { register as registerVerify } from './commands/verify.ts';
import { newProgram, run } from './program.ts';

/** Runs the command line; `argv` as in process.argv. */
export async function main(argv: string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endQuietly);
  const program = newProgram();
  // In the order of the help page: start, use, look, control, break, learn, keep.
  registerCluster(program);
  registerMaster(program);
  registerSecondary(program);
  registerNode(program);
  registerArbiter(program);
  registerAppend(program);
  registerList(program);
  registerKv(program);
  registerOutcome(program);
  registerHealth(program);
  registerEcho(program);
  registerPs(program);
  registerControl(program);
  registerAdd(program);
  registerRm(program);
  registerFault(program);
  registerDemo(program);
  registerScenario(program);
  registerBackup(program);
  registerRestore(program);
  registerVerify(program);
  registerRepair(program);
  registerBench(program);
  registerSim(program);
  registerCheck(program);
  process.exitCode = await run(program, argv);
}

/** Whoever read our output has gone (`| head`): there is nobody left to work for. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
}
