// A run of the tests leaves nothing behind: no process (and so no port), no folder. Every test
// makes its temporary folders below one that is made here, and whatever it starts inherits its name
// in TMPDIR: by that both are found at the end, whoever else uses the machine.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long what was told to end may take to do so. */
const PATIENCE_MS = 3_000;
const LOOK_EVERY_MS = 50;

export default function setup(): () => Promise<void> {
  const before = process.env.TMPDIR;
  const folder = mkdtempSync(join(tmpdir(), 'replog-tests-'));
  process.env.TMPDIR = folder;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const processes = await survivors(folder);
    const files = readdirSync(folder);
    rmSync(folder, { recursive: true, force: true });
    const left = [...processes, ...files.map((file) => join(folder, file))];
    if (left.length === 0) return;
    // The runner prints what is thrown here, but does not fail by it.
    process.exitCode = 1;
    throw new Error(`the tests have left behind:\n${left.join('\n')}`);
  };
}

/** The processes that are still there, each with its command line. */
async function survivors(folder: string): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = processesOf(folder);
    if (found.length === 0 || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Linux tells the environment that a process was started with; elsewhere nothing is found. */
function processesOf(folder: string): string[] {
  const mark = `TMPDIR=${folder}\0`;
  const found: string[] = [];
  for (const pid of numbered('/proc')) {
    if (!read(`/proc/${pid}/environ`).includes(mark)) continue;
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    // The runner's own workers are ended by the runner; a zombie has no command any more.
    if (command !== '' && !command.includes('vitest')) found.push(`process ${pid}: ${command}`);
  }
  return found;
}

function numbered(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Empty where the process has ended meanwhile, or is somebody else's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
