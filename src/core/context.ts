// What all machines of one node share. Nothing here is global: a process may hold many nodes.

import type { Bookkeeping } from './bookkeeping.ts';
import type { Incarnation } from './ids.ts';
import type { Ledger } from './log/ledger.ts';
import type { Peer } from './messages.ts';
import type { Options } from './options.ts';
import type { Outbox } from './outbox.ts';
import type { Counters } from './status.ts';

export interface Context {
  readonly self: Peer;
  readonly incarnation: Incarnation;
  /** This process began with no trace of an earlier life: it is new, or has lost its disk. */
  readonly blank: boolean;
  /** When this process began, in milliseconds of the wall clock; absent: nobody says. No two lives
   * of a node have the same, which is all that it is for. */
  readonly bornAtMs?: number;
  /** What is persisted here is on a disk; false: in memory; absent: nobody says. */
  readonly durable?: boolean;
  readonly options: Options;
  /** Uniform in [0, 1); seeded in the simulator. */
  readonly random: () => number;
  readonly ledger: Ledger;
  readonly bookkeeping: Bookkeeping;
  readonly outbox: Outbox;
  readonly counters: Counters;
}
