// Mistakes about who has what, and about clients that ask twice.

import { type Plant, plant } from './plant.ts';

export const ACKNOWLEDGEMENT_PLANTS: readonly Plant[] = [
  plant(
    'a secondary acknowledges before it has persisted',
    'B08',
    'src/core/secondary/secondary.ts',
    'const { persistedIndex } = ledger.persister;',
    'const persistedIndex = ledger.log.lastIndex;',
  ),
  plant(
    'the master counts itself before it has persisted',
    'B08',
    'src/core/recovery/accession.ts',
    'this.complete ? this.context.ledger.persister.persistedIndex : logIndex(0)',
    'this.complete ? this.context.ledger.log.lastIndex : logIndex(0)',
  ),
  plant(
    'a copy of a Snapshot is acknowledged at once',
    'B10',
    'src/core/secondary/secondary-session.ts',
    'if (last < this.next) return;',
    'if (last < this.next) { this.acked = last; return; }',
  ),
  plant(
    'one persisted update acknowledges all that were taken in',
    'B10',
    'src/core/secondary/secondary-session.ts',
    'this.acked = this.taken.shift()!.seq;',
    'this.acked = this.taken.at(-1)!.seq;\n      this.taken.shift();',
  ),
  plant(
    'a batch is acknowledged with its first operation',
    'B09',
    'src/core/master/write-concern.ts',
    'if (next.last > reached) break;',
    'if (next.first > reached) break;',
  ),
  {
    name: 'a Snapshot that comes again is stored again',
    bug: 'B01',
    edits: [
      {
        file: 'src/core/secondary/snapshot-check.ts',
        search: 'const known = Math.min(expected - message.seq, updates.length);',
        replace: 'const known = 0;',
      },
      {
        file: 'src/core/secondary/snapshot-check.ts',
        search: 'if (entry.index > log.lastIndex) break;',
        replace: 'if (entry.index > 0) break;',
      },
      {
        file: 'src/core/secondary/snapshot-check.ts',
        search: 'const next = entry.index === index + 1 || ',
        replace: 'const next = entry.index <= index + 1 || ',
      },
    ],
  },
  plant(
    'a late Persist confirms the one behind it',
    'B08',
    'src/core/log/persister.ts',
    'const { upTo, weight } = this.underWay[place]!;',
    'const { upTo, weight } = this.underWay.at(-1)!;',
  ),
  plant(
    'a failed Persist counts as done',
    'B29',
    'src/core/replica.ts',
    'ledger.persister.failed(event.id, event.error, event.full);',
    'if (ledger.confirmed(event.id)) this.persisted(now);',
  ),
  plant(
    'every acknowledgement counts twice',
    'B09',
    'src/core/master/write-concern.ts',
    'reachedBy([...positions.values()], needed)',
    'reachedBy([...positions.values(), ...positions.values()], needed)',
  ),
  plant(
    'an acknowledged part stands for the whole Snapshot',
    'B09',
    'src/core/members/flight.ts',
    'lastSeq(this.sent[0]!) <= acked',
    'this.sent[0]!.seq <= acked',
  ),
  plant(
    'w = all waits for a majority only',
    'B13',
    'src/core/master/write-concern.ts',
    'if (line.members === null) {',
    "if (line.members === null || line.w === 'all') {\n    if (line.w === 'all') " +
      'return Math.min(own, reachedBy([...positions.values()], majority(size))) as LogIndex;',
  ),
  plant(
    'the master answers without itself',
    'B08',
    'src/core/master/write-concern.ts',
    'return Math.min(own, reachedBy([...positions.values()], needed)) as LogIndex;',
    'return reachedBy([...positions.values()], needed);',
  ),
  plant(
    'known keys are forgotten at restart',
    'B03',
    'src/core/replica.ts',
    'const ledger = new Ledger(recovered, folds, meter, options, this.outbox);',
    'folds.deduplication.truncated(0 as LogIndex);\n' +
      '    const ledger = new Ledger(recovered, folds, meter, options, this.outbox);',
  ),
  plant(
    'the window of known keys is much too small',
    'B05',
    'src/core/log/deduplication.ts',
    'this.known = new KnownRequests(window);',
    'this.known = new KnownRequests(3);',
  ),
  plant(
    'a known key is not looked for',
    'B02',
    'src/core/master/admission.ts',
    'write.idempotencyKey === undefined\n      ? undefined',
    'write.idempotencyKey !== null\n      ? undefined',
  ),
  plant(
    'a key counts as known only when it is on a majority',
    'B07',
    'src/core/master/admission.ts',
    'if (known !== undefined) {',
    'if (known !== undefined && known.first <= ledger.log.commitIndex) {',
  ),
  plant(
    'a key stays known when its entry is cut off',
    'B04',
    'src/core/log/ledger.ts',
    'this.deduplication.truncated(after);',
    '',
  ),
  plant(
    'a timeout is told as a refusal',
    'B11',
    'src/core/master/writers.ts',
    "this.tell(waiter, 'TimedOut', acknowledged);",
    "this.context.outbox.reply(waiter.ticket, { type: 'Overloaded' });",
  ),
  plant(
    'a stopping master tells those who wait that nothing was stored',
    'B43',
    'src/core/master/writers.ts',
    'outbox.reply(ticket, { type: outcome, first, last });',
    'outbox.reply(ticket, { type: outcome });',
  ),
  plant(
    'what is refused for lack of a quorum is appended all the same',
    'B22',
    'src/core/master/master.ts',
    'outbox.reply(write.ticket, verdict.outcome);',
    'outbox.reply(write.ticket, verdict.outcome);\n' +
      "      if (verdict.outcome.type === 'NoQuorum') this.append(write);",
  ),
];
