// Mistakes about disks.

import { type Plant, plant } from './plant.ts';

export const STORAGE_PLANTS: readonly Plant[] = [
  plant(
    'two writes are under way at once',
    'B21',
    'src/persistence/log/writer.ts',
    'this.running ??= this.run();',
    'this.running = this.run();',
  ),
  plant(
    'the name of a new segment is not synced',
    'B27',
    'src/persistence/log/writer.ts',
    'await writeAll((await this.fileOf(segment)).file, [header, ...records], 0);\n' +
      '    await this.disk.syncFolder();',
    'await writeAll((await this.fileOf(segment)).file, [header, ...records], 0);',
  ),
  plant(
    'the bookkeeping is not synced',
    'B32',
    'src/persistence/bookkeeping/bookkeeping.ts',
    'writeAll(file, [encode(memory)], 0));\n  await disk.syncFolder();',
    'writeAll(file, [encode(memory)], 0));',
  ),
  plant(
    'a short write is taken for a whole one',
    'B28',
    'src/persistence/disk/disk.ts',
    'rest = without(rest, taken);',
    'rest = [];',
  ),
  plant(
    'a write that failed is believed',
    'B29',
    'src/persistence/log/writer.ts',
    'this.suspect = { segment, full: isFull(error) };\n      throw error;',
    '',
  ),
  plant(
    'after a failed write the next one goes behind what it left',
    'B30',
    'src/persistence/log/writer.ts',
    'if (this.suspect !== null) await this.repair(this.suspect);',
    'this.suspect = null;',
  ),
  plant(
    'a torn tail is not cut off before the next write',
    'B24',
    'src/persistence/log/recovery.ts',
    'if (cutAt !== undefined) await file.truncate(cutAt);',
    '',
  ),
  plant(
    'what was read at the start is not synced',
    'B08',
    'src/persistence/log/recovery.ts',
    'await writeAgain(file, lastWrite);\n      await file.sync();',
    '',
  ),
  plant(
    'damage in the middle is taken for the end of the log',
    'B25',
    'src/persistence/segment/segment-scan.ts',
    'const { verdict, offset } = walked;',
    'const { verdict, offset } = walked;\n    if (this.last) return true;',
  ),
  {
    name: 'checksums of payloads are not compared',
    bug: 'B25',
    edits: [
      {
        file: 'src/persistence/record/record.ts',
        search: 'const follows = !open && checksum(bytes, start, end, before.hash) ===',
        replace: 'const follows = true || checksum(bytes, start, end, before.hash) ===',
      },
    ],
  },
  plant(
    'an outline is believed without its checksum',
    'B25',
    'src/persistence/segment/segment-scan.ts',
    'const wrong = checksums.findIndex((found, i) => found !== parts[i]!.reached.checksum);',
    'const wrong = -1;',
  ),
  plant(
    'what is notable in an outline is not looked at',
    'B03',
    'src/persistence/segment/segment-scan.ts',
    'await visitAt({ file, name: this.name, places: notable, end }, (bytes, at, offset) => {',
    'await visitAt({ file, name: this.name, places: [], end }, (bytes, at, offset) => {',
  ),
  {
    name: 'what is committed but not durable here is compacted for',
    bug: 'B31',
    edits: [
      {
        file: 'src/core/log/store.ts',
        search: 'const limit = logIndex(Math.min(index, durable));',
        replace: 'const limit = index;',
      },
      // Else it waits until this node has it, too.
      {
        file: 'src/persistence/upkeep/compactor.ts',
        search: 'const judgedBy = state.settledTo();',
        replace: 'const judgedBy = 0;',
      },
    ],
  },
  plant(
    'compaction takes away the last removal of a key',
    'B31',
    'src/persistence/upkeep/compactor.ts',
    "const last = entry.op === 'remove' && newest === null && isLast(entry.index);",
    'const last = false;',
  ),
  plant(
    'compaction drops what carries an idempotency key',
    'B31',
    'src/persistence/upkeep/compactor.ts',
    'const known = entry.idempotencyKey !== undefined && this.isKnown(entry);',
    'const known = false;',
  ),
  plant(
    'compaction takes away what a member has not acknowledged',
    'B31',
    'src/core/members/membership.ts',
    'reached = Math.min(reached, passedIndex);',
    'void passedIndex;',
  ),
];
