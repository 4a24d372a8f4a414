// Runs commands in this process, as main.ts does, and keeps what they print.

import type { Command } from 'commander';
import { vi } from 'vitest';
import { newProgram, run } from '../../src/cli/program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `replog ARGS…` with the commands that `registers` add. */
export async function runCommand(
  registers: ((program: Command) => void) | readonly ((program: Command) => void)[],
  ...args: readonly string[]
): Promise<Ran> {
  const program = newProgram();
  for (const register of [registers].flat()) register(program);
  const written = { out: '', err: '' };
  const keep = (name: 'out' | 'err') => (text: string | Uint8Array) => {
    written[name] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(keep('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(keep('err')),
  ];
  try {
    const code = await run(program, ['node', 'replog', ...args]);
    return { code, ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
