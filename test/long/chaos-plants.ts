// Bugs that chaos must find on real processes, and the judge that they are for.

import type { Patch } from '../demos/mutant.ts';

export const CHAOS_PLANTS: readonly {
  readonly bug: string;
  readonly patches: readonly Patch[];
  readonly judge: RegExp;
}[] = [
  {
    bug: 'a repeated request is appended again',
    patches: [
      {
        file: 'src/core/master/admission.ts',
        search: ': ledger.deduplication.find(write.idempotencyKey);',
        replace: ': undefined;',
      },
    ],
    judge: /exactly once/,
  },
  {
    bug: 'a majority is one too few',
    patches: [
      {
        file: 'src/core/master/write-concern.ts',
        search: "line.w === 'majority' ? majority(size) : (line.w as number)",
        replace: "line.w === 'majority' ? majority(size) - 1 : (line.w as number)",
      },
    ],
    judge: /write concern/,
  },
  {
    bug: 'the master answers before its disk does',
    patches: [
      {
        file: 'src/core/master/standing.ts',
        search: 'this.membership.positions(this.accession.position)',
        replace: 'this.membership.positions(this.context.ledger.log.lastIndex)',
      },
      {
        file: 'src/core/master/master.ts',
        search: 'if (duplicate) this.progress();',
        replace: 'this.progress();',
      },
    ],
    judge: /durable|total order|never back|linearizable|exactly once/,
  },
  {
    bug: 'a secondary forgets what it takes in and shows it later',
    patches: [
      {
        file: 'src/core/secondary/secondary.ts',
        search:
          "if (message.seq > expected) return { type: 'Refused', code: 'out-of-order', expected };",
        replace: '',
      },
    ],
    judge: /./,
  },
];
