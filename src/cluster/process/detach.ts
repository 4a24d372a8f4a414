// `--detach`: the launcher runs in a session of its own, without a terminal, and tells whoever
// started it by one message how the start came out.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from '../files/registry.ts';
import { PROGRAM } from '../node-program.ts';
import type { ReadyEvent } from '../report.ts';
import { reserve, type Wanted } from '../start/reservation.ts';

/** How a start in the background came out. */
export type Outcome =
  | { readonly type: 'ready'; readonly ready: ReadyEvent }
  | {
      readonly type: 'failed';
      readonly code: number;
      readonly sentence: string;
      readonly hint: string | null;
    };

/** What was asked for cannot be: the exit code of that. */
const USAGE = 2;

/** A launcher in the background. */
export interface Background {
  readonly outcome: Outcome;
  /** Where its output goes. */
  readonly file: string;
}

/** Starts `replog` with these arguments in the background, as the launcher of what is wanted;
 * resolves with how that came out. The launcher goes on when this process ends, unless `signal`
 * aborted while it was starting: then it is stopped first, and this rejects with the reason.
 * Rejects as `reserve` does, too: then nothing was started, or written. */
export async function launchInBackground(
  wanted: Wanted,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Background> {
  // The name is this one's before its output goes where the name says.
  const { claim } = await reserve(wanted);
  try {
    signal.throwIfAborted();
    const file = join(runFolder(), `${wanted.name}.log`);
    return { outcome: await startWriting(file, args, signal), file };
  } finally {
    // The launcher has made it its own, or has ended.
    claim.release();
  }
}

async function startWriting(
  file: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const isNew = !existsSync(file);
  const output = openSync(file, 'a', 0o600);
  const launcher = spawn(process.execPath, [PROGRAM, ...args], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
    env: withoutNpm(process.env),
  });
  closeSync(output);
  const cancel = () => launcher.kill('SIGTERM');
  signal.addEventListener('abort', cancel);
  const gone = new Promise<void>((resolve) => {
    launcher.once('exit', () => resolve());
  });
  let outcome: Outcome;
  try {
    outcome = await outcomeOf(launcher);
    if (signal.aborted) await gone;
    signal.throwIfAborted();
  } catch (error) {
    // Nobody is told where it is, and nothing runs that writes it.
    if (isNew) rmSync(file, { force: true });
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  if (launcher.connected) launcher.disconnect();
  launcher.unref();
  // It has begun nothing, and its sentence is all that it writes.
  if (isNew && outcome.type === 'failed' && outcome.code === USAGE) rmSync(file, { force: true });
  return outcome;
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
