// Keys overwritten ten times each: what the log takes on disk in the end, and that it is all there.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { epoch } from '../../src/core/ids.ts';
import { Folds } from '../../src/core/log/ledger.ts';
import type { Entry } from '../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import { RealDisk } from '../../src/persistence/disk/real-disk.ts';
import { openSegmentedLog } from '../../src/persistence/log/segmented-log.ts';
import { foldedBy } from '../../src/persistence/upkeep/folded.ts';
import { at } from '../persistence/entries.ts';

const KEYS = Number(process.env.REPLOG_LONG_KEYS ?? 1_000_000);
const ROUNDS = 10;
const GROUP = 5_000;

it('keys overwritten ten times each take at most twice what is live', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'replog-compaction-'));
  try {
    const log = openSegmentedLog(new RealDisk(folder));
    const folds = new Folds(DEFAULT_OPTIONS);
    await log.recover((entry) => folds.observe(entry));
    let committed = 0;
    let idle = 0;
    const reports: unknown[] = [];
    log.startUpkeep({
      compactTo: () => at(committed),
      ...foldedBy(folds),
      after: (ms, run) => {
        idle = ms >= 500 ? idle + 1 : 0;
        const timer = setTimeout(run, Math.min(ms, 50));
        return () => clearTimeout(timer);
      },
      damaged: (error) => reports.push(error),
      broken: (error) => reports.push(error),
    });
    let live = 0;
    for (let index = 1; index <= KEYS * ROUNDS; index += GROUP) {
      const entries = Array.from({ length: GROUP }, (_, i): Entry => {
        const key = `key ${(index + i) % KEYS}`;
        const place = { index: at(index + i), epoch: epoch(1), at: '2026-05-01T12:00:00.000Z' };
        return { ...place, op: 'put', key, value: 'v'.repeat(100) };
      });
      if (index === 1) live = (32 + JSON.stringify(entries[0]).length + 12) * KEYS;
      log.append(entries);
      for (const entry of entries) folds.observe(entry);
      await log.persist(index, log.lastIndex);
      committed = log.lastIndex;
      folds.store.committed(at(committed), at(committed));
    }
    idle = 0;
    while (idle < 4) await new Promise((resolve) => setTimeout(resolve, 50));
    const bytes = readdirSync(folder).reduce(
      (sum, name) => sum + statSync(join(folder, name)).size,
      0,
    );
    process.stdout.write(`disk ${bytes >> 20} MiB, live ${live >> 20} MiB\n`);
    expect(reports).toEqual([]);
    expect(bytes).toBeLessThan(2 * live);
    await log.close();
    const again = openSegmentedLog(new RealDisk(folder));
    const brief = new Folds(DEFAULT_OPTIONS);
    const startedAt = performance.now();
    await again.recover((entry) => brief.observe(entry), brief);
    process.stdout.write(`start ${Math.round(performance.now() - startedAt)} ms\n`);
    expect(again.hash).toBe(log.hash);
    const { lastIndex } = again;
    expect(brief.store.list('', null, lastIndex)).toEqual(folds.store.list('', null, lastIndex));
    await again.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 1_800_000);
