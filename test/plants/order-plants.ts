// Mistakes about the one log: its order, its end, who may write it, and what of it is settled.

import { type Plant, plant } from './plant.ts';

export const ORDER_PLANTS: readonly Plant[] = [
  {
    name: 'a Snapshot behind a gap is shown',
    bug: 'B16',
    edits: [
      {
        file: 'src/core/secondary/secondary.ts',
        search: "const expected = order === 'same' ? this.session!.expected : seq(0);",
        replace:
          "const expected = order === 'same' ? " +
          'seq(Math.max(this.session!.expected, message.seq)) : message.seq;',
      },
      {
        file: 'src/core/secondary/snapshot-check.ts',
        search: 'if (differs || prev.index > log.lastIndex) {',
        replace: 'if (differs) {',
      },
    ],
  },
  plant(
    'the tail that the new master does not have is not cut',
    'B38',
    'src/core/secondary/secondary.ts',
    'return log.lastIndex > limit && log.lastEpoch < epoch;',
    'return false;',
  ),
  plant(
    'where an older epoch ends is not told',
    'B38',
    'src/core/members/membership.ts',
    'const epochEnd = settled ? member.epochEnd : null;',
    'const epochEnd = null;',
  ),
  {
    name: 'different running hashes are ignored, and where an older epoch ends',
    bug: 'B38',
    edits: [
      {
        file: 'src/core/secondary/snapshot-check.ts',
        search: 'const differs = prev.index === log.lastIndex && prev.hash !== ledger.meter.hash;',
        replace: 'const differs = false;',
      },
      {
        file: 'src/core/log/position.ts',
        search: 'const end = lastEpoch === null ? log.lastIndex : log.endOf(lastEpoch);',
        replace: 'const end = log.lastIndex;',
      },
    ],
  },
  {
    name: 'an order to start over is ignored, and so are different epochs',
    bug: 'B38',
    edits: [
      {
        file: 'src/core/secondary/secondary.ts',
        search:
          'if (reset === true && this.session!.fresh) this.truncate(prev?.index ?? logIndex(0));',
        replace: 'if (false) this.truncate(logIndex(0));',
      },
      {
        file: 'src/core/secondary/snapshot-check.ts',
        search: 'if (log.epochAt(entry.index) !== entry.epoch) {',
        replace: 'if (false) {',
      },
    ],
  },
  plant(
    'the master calls all that it has committed',
    'B17',
    'src/core/master/master.ts',
    'ledger.commit(reachedBy(positions, majority(acknowledged.size)));',
    'ledger.commit(ledger.log.lastIndex);',
  ),
  plant(
    'linearizable reads are answered without proof',
    'B18',
    'src/core/master/confirmation.ts',
    'reader.arrivedAt <= provedAt && reader.readIndex <= commitIndex;',
    'reader.arrivedAt <= provedAt || reader.readIndex >= commitIndex;',
  ),
  plant(
    'half of the nodes count as a majority',
    'B36',
    'src/core/master/quorum.ts',
    'return Math.floor(size / 2) + 1;',
    'return Math.ceil(size / 2);',
  ),
  plant(
    'a master without a quorum says that it is read-write',
    'B43',
    'src/core/master/master-mode.ts',
    'if (alive < needed) {',
    'if (false) {',
  ),
  plant(
    'writes go on without a quorum',
    'B43',
    'src/core/master/admission.ts',
    'if (quorum.alive < quorum.needed) {',
    'if (false) {',
  ),
  plant(
    'a removal is lost when it comes close behind a put',
    'B38',
    'src/core/log/store.ts',
    "if (entry.op === 'append') return;",
    "if (entry.op === 'append') return;\n    if (entry.op === 'remove' && " +
      '(this.versions.get(entry.key)?.length ?? 0) > 1) return;',
  ),
  plant(
    'a secondary believes the commit index of a master it has taken nothing from',
    'B17',
    'src/core/secondary/secondary.ts',
    'if (this.acceptance.epoch === message.epoch) this.commit(message.commitIndex);',
    'if (true) ledger.commit(message.commitIndex);',
  ),
  plant(
    'half a batch stays when its end is lost',
    'B22',
    'src/core/recovery/recovery.ts',
    'ledger.truncate(end);',
    '',
  ),
  plant(
    'values stay when the log under them is cut off',
    'B17',
    'src/core/log/ledger.ts',
    'this.store.truncated(after);',
    '',
  ),
  plant(
    'what is cut off stays on disk',
    'B38',
    'src/persistence/log/segmented-log.ts',
    'if (cut !== null) this.recovered().cut(cut);',
    '',
  ),
];
