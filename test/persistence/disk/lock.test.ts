import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Lock } from '../../../src/persistence/disk/lock.ts';
import {
  type Owner,
  type ProcessTable,
  realProcesses,
} from '../../../src/persistence/disk/process-table.ts';
import { openSegmentedLog } from '../../../src/persistence/log/segmented-log.ts';
import { FolderInUse } from '../../../src/persistence/persistence.ts';
import { FakeDisk } from '../../../src/sim/disk/disk.ts';
import { at, entriesOf } from '../entries.ts';

/** Processes that live and die as a test wants. */
class Processes {
  private readonly living = new Set<string>();

  start(pid: number, started: string): ProcessTable {
    this.living.add(`${pid} ${started}`);
    return {
      self: () => ({ pid, started }),
      lives: (owner) => this.living.has(`${owner.pid} ${owner.started}`),
    };
  }

  kill({ pid, started }: Owner): void {
    this.living.delete(`${pid} ${started}`);
  }
}

describe('B33: the lock of a folder', () => {
  it('keeps a second process off until the first lets go', async () => {
    const disk = new FakeDisk().mount();
    const processes = new Processes();
    const first = await Lock.take(disk, processes.start(1, 'a'));
    await expect(Lock.take(disk, processes.start(2, 'b'))).rejects.toMatchObject({
      name: 'FolderInUse',
      pid: 1,
    });
    await first.release();
    await Lock.take(disk, processes.start(2, 'b'));
    expect(await disk.list()).toEqual(['lock-2-b']);
  });

  it('of a killed process binds nobody, even if its id is used again', async () => {
    const disk = new FakeDisk().mount();
    const processes = new Processes();
    const killed = processes.start(1, '10');
    await Lock.take(disk, killed);
    processes.kill(killed.self());
    processes.start(1, '20');
    await Lock.take(disk, processes.start(2, '30'));
    expect(await disk.list()).toEqual(['lock-2-30']);
  });

  it('is held against the same process too', async () => {
    const disk = new FakeDisk().mount();
    const table = new Processes().start(1, '10');
    await Lock.take(disk, table);
    await expect(Lock.take(disk, table)).rejects.toBeInstanceOf(FolderInUse);
    expect(await disk.list()).toEqual(['lock-1-10']);
  });

  it('is given to at most one of two that start at the same moment', async () => {
    const disk = new FakeDisk().mount();
    const processes = new Processes();
    const takes = [1, 2].map((pid) => Lock.take(disk, processes.start(pid, '5')));
    const won = (await Promise.allSettled(takes)).filter(({ status }) => status === 'fulfilled');
    expect(won.length).toBeLessThanOrEqual(1);
    expect(await disk.list()).toHaveLength(won.length);
  });

  it('is let go when recovery fails, and when the log is closed', async () => {
    const fake = new FakeDisk();
    const disk = fake.mount();
    const processes = new Processes().start(1, '10');
    fake.place('memory.json', Buffer.from('damaged'));
    const open = () => openSegmentedLog(disk, { processes });
    await expect(open().recover(() => undefined)).rejects.toThrow('memory.json');
    expect(await disk.list()).toEqual(['memory.json']);
    await disk.remove('memory.json');
    const log = open();
    await log.recover(() => undefined);
    await expect(open().recover(() => undefined)).rejects.toBeInstanceOf(FolderInUse);
    log.append(entriesOf(1, 1));
    await log.persist(1, at(1));
    await log.close();
    expect((await disk.list()).filter((name) => name.startsWith('lock'))).toEqual([]);
  });
});

describe('the processes of this machine', () => {
  it('know this one, and one that runs until it is killed', async () => {
    expect(realProcesses.lives(realProcesses.self())).toBe(true);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const owner = { pid: child.pid!, started: '' };
    expect(realProcesses.lives(owner)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(realProcesses.lives(owner)).toBe(false);
  });

  it.runIf(process.platform === 'linux')('tell one process from another of the same id', () => {
    const self = realProcesses.self();
    expect(self.started).toMatch(/^\d+$/);
    expect(realProcesses.lives({ ...self, started: '1' })).toBe(false);
  });

  it.runIf(process.platform === 'linux')(
    'know one that has ended, though nobody asked',
    async () => {
      // What was the shell, which would ask, is `cat`, which does not.
      const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec cat']);
      try {
        const [line] = (await once(parent.stdout, 'data')) as [Buffer];
        const owner = { pid: Number(line.toString()), started: '' };
        parent.stdin.write('is it cat yet?');
        await once(parent.stdout, 'data');
        expect(realProcesses.lives(owner)).toBe(true);
        process.kill(owner.pid, 'SIGKILL');
        await expect.poll(() => realProcesses.lives(owner)).toBe(false);
        expect(process.kill(owner.pid, 0), 'its id is still in use').toBe(true);
      } finally {
        parent.kill('SIGKILL');
        await once(parent, 'exit');
      }
    },
  );
});
