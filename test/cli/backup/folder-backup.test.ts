// A backup of a folder reads it twice: checked first, then copied. What changes in between is never
// taken for the whole log.

import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NodeFolder } from '../../../src/cli/arguments/data-dir.ts';
import { backupFolder } from '../../../src/cli/backup/folder-backup.ts';
import { register } from '../../../src/cli/commands/backup.ts';
import { RealDisk } from '../../../src/persistence/disk/real-disk.ts';
import { openSegmentedLog } from '../../../src/persistence/log/segmented-log.ts';
import { at, entriesOf } from '../../persistence/entries.ts';
import { runCommand } from '../command-run.ts';

const SEGMENT = 'log-0000000000000001.seg';

let home: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'replog-test-'));
  const log = openSegmentedLog(new RealDisk(join(home, 'n1')));
  await log.recover(() => undefined);
  for (const [first, last] of [
    [1, 5],
    [6, 9],
  ] as const) {
    log.append(entriesOf(first, last));
    await log.persist(last, at(last));
  }
  await log.close();
});
afterEach(() => rmSync(home, { recursive: true }));

/** A folder that changes after it was looked at once. */
function changing(change: (segment: string) => void): NodeFolder {
  const folder = join(home, 'n1');
  let looks = 0;
  return {
    node: 'n1',
    get path() {
      looks += 1;
      if (looks === 2) change(join(folder, SEGMENT));
      return folder;
    },
  };
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.indexOf('message 3')]! ^= 1;
  writeFileSync(path, bytes);
}

test.each([
  ['damage', flip, 'an entry whose checksum is wrong'],
  ['a shorter log', (path: string) => truncateSync(path, 999), 'its log has changed'],
])('%s that comes between is no end of the log', async (_, change, why) => {
  const file = join(home, 'log.backup');
  const made = backupFolder([changing(change)], { file });
  await expect(made).rejects.toThrow(`n1 was read twice, and was not the same: ${why}`);
  expect(readdirSync(home)).toEqual(['n1']);
});

test('of a folder that stays as it is all is copied', async () => {
  const made = await backupFolder([changing(() => undefined)], { file: join(home, 'log.backup') });
  expect(made.summary).toMatchObject({ entries: 9, lastIndex: 9 });
});

test('a path that leads nowhere is no node that is missing', async () => {
  const ran = await runCommand(register, 'backup', './none', 'log.backup');
  expect(ran.code).toBe(2);
  expect(ran.err).toContain('replog: there is no folder ./none\n');
});
