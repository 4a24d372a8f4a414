// `--detach`: the launcher runs in a session of its own, without a terminal, and tells whoever
// started it by one message how the start came out.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM } from './node-program.ts';
import { claimRunFolder, runFolder, runningClusters } from './registry.ts';
import type { ReadyEvent } from './report.ts';

/** How a start in the background came out. */
export type Outcome =
  | { readonly type: 'ready'; readonly ready: ReadyEvent }
  | {
      readonly type: 'failed';
      readonly code: number;
      readonly sentence: string;
      readonly hint: string | null;
    };

/** A launcher in the background. */
export interface Background {
  readonly outcome: Outcome;
  /** Where its output goes; null: nowhere, as another's output is there. */
  readonly file: string | null;
}

/** Starts `replog` with these arguments in the background; resolves with how that came out. The
 * launcher goes on when this process ends, unless `signal` aborted while it was starting: then it
 * is stopped first, and this rejects with the reason. Rejects with RunFolderUnusable, too. */
export async function launchInBackground(
  name: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Background> {
  const folder = runFolder();
  claimRunFolder(folder);
  // A cluster of that name runs already: this one will be refused, and the file is the other's.
  const isOthers = (await runningClusters()).some((cluster) => cluster.name === name);
  signal.throwIfAborted();
  const file = isOthers ? null : join(folder, `${name}.log`);
  const output = file === null ? 'ignore' : openSync(file, 'a', 0o600);
  const launcher = spawn(process.execPath, [PROGRAM, ...args], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
    env: withoutNpm(process.env),
  });
  if (output !== 'ignore') closeSync(output);
  const cancel = () => launcher.kill('SIGTERM');
  signal.addEventListener('abort', cancel);
  const gone = new Promise<void>((resolve) => {
    launcher.once('exit', () => resolve());
  });
  let outcome: Outcome;
  try {
    outcome = await outcomeOf(launcher);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  if (signal.aborted) await gone;
  signal.throwIfAborted();
  if (launcher.connected) launcher.disconnect();
  launcher.unref();
  return { outcome, file };
}

/** Rejects if the launcher cannot be started at all. */
function outcomeOf(launcher: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    launcher.on('error', reject);
    launcher.once('message', (message) => resolve(message as Outcome));
    launcher.once('exit', (code, by) => {
      const how = by === null ? `with code ${code}` : `by ${by}`;
      const sentence = `the launcher ended ${how} before the cluster was ready`;
      resolve({ type: 'failed', code: 1, sentence, hint: null });
    });
  });
}

/** Tells whoever started this process in the background; nobody did: nothing. */
export async function tellStarter(outcome: Outcome): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => {
    // A starter that has gone meanwhile needs no answer.
    process.send?.(outcome, undefined, undefined, () => resolve());
  });
}

/** The npm that this was started by ends soon, and that must not look like a reason to end. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = Object.entries(env).filter(([name]) => !name.startsWith('npm_'));
  return Object.fromEntries(entries);
}
