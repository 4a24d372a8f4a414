// Processes that leave most of the processor to whoever else wants it; a tenth stays theirs.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';

/** The process, which has just been started, gives way to all others from now on. */
export function givingWay<Child extends ChildProcess>(child: Child): Child {
  // Without a number it could not be started, which it says by its event.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  return child;
}

/** Runs Node with these arguments, giving way; resolves with what it prints. */
export async function standardOutput(args: readonly string[]): Promise<string> {
  const child = givingWay(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  let text = '';
  for await (const part of child.stdout.setEncoding('utf8')) text += part;
  const code = await ended;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return text;
}
