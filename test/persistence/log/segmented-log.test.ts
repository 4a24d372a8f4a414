import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { RealDisk } from '../../../src/persistence/disk/real-disk.ts';
import { openSegmentedLog } from '../../../src/persistence/log/segmented-log.ts';
import { describePersistence } from '../../contracts/persistence.suite.ts';
import { Machine, SMALL } from '../machine.ts';

let machine: Machine;
describePersistence('SegmentedLog on a fake disk, in small pieces', {
  open: async () => {
    machine = new Machine();
    return (await machine.recover()).log;
  },
  reopen: async () => machine.open(),
});

let root: string;
let folder: string;
let folders = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'replog-persistence-'));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});
for (const [size, options] of [
  ['as it comes', {}],
  ['in small pieces', SMALL],
] as const) {
  describePersistence(`SegmentedLog on a real disk, ${size}`, {
    open: async () => {
      folders += 1;
      folder = join(root, `node-${folders}`);
      const log = openSegmentedLog(new RealDisk(folder), options);
      await log.recover(() => undefined);
      return log;
    },
    reopen: async () => openSegmentedLog(new RealDisk(folder), options),
  });
}
