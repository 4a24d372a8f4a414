import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { isAlive, markOf, parentOf } from '../../../src/cluster/process/liveness.ts';

it('goes by the pid alone where no start time was written down', () => {
  expect(isAlive({ pid: process.pid, startTime: null })).toBe(true);
});

it('goes by the pid alone where nothing but the system knows of the process', () => {
  // No pid is as great, so nothing is written of it anywhere, as of no process without /proc.
  const mark = { pid: 2 ** 30, startTime: null };
  expect(isAlive(mark)).toBe(false);
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  onTestFinished(() => kill.mockRestore());
  expect(isAlive(mark)).toBe(true);
  expect(kill).toHaveBeenCalledWith(mark.pid, 0);
});

it.runIf(process.platform === 'linux')(
  'is not misled by the name of a program, which may look like the rest of the line',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'replog-alive-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const program = join(dir, 'a) Z 1');
    symlinkSync('/bin/sleep', program);
    const child = spawn(program, ['100']);
    try {
      await once(child, 'spawn');
      const mark = markOf(child.pid!);
      expect([isAlive(mark), parentOf(child.pid!)]).toEqual([true, process.pid]);
      expect(isAlive({ ...mark, startTime: '1' })).toBe(false);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  },
);
