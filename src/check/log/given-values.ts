// Values that a node gave, held against the pages of the same log: what it gave as the value of an
// index is what its pages show there, earlier and later ones.

import type { Evidence } from '../evidence.ts';
import type { GetRecord, LogRecord, SeenEntry } from '../history/history.ts';
import type { Content } from '../operations.ts';
import { type Violation, violation } from '../verdict.ts';
import { type Given, HOLE, NOTHING, type Shown } from './shown.ts';

export class GivenValues {
  private readonly evidence: Evidence;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  /** A value, of which a page may have told before. */
  get(record: GetRecord, index: number, shown: Shown): Violation | null {
    const { cluster, entries, operations, place } = this.evidence;
    const { call, key, node, return: moment, value } = record;
    if (value === null) return null;
    const content = operations.of({ op: 'put', key, value });
    const look = shown.entries.at(index) ?? NOTHING;
    if (look.epoch === 0 || look.moment >= call || !shown.stays(look.moment, cluster)) {
      shown.values.set(index, shown.values.at(index) ?? { content, moment, place });
      return null;
    }
    const there = look.epoch === HOLE ? undefined : entries.find(index, look.epoch)?.content;
    if (there === content) return null;
    return this.differs(node, index, [there, look.place], [content, place]);
  }

  /** An entry, of which a value may have told before. */
  entry({ epoch, index }: SeenEntry, record: LogRecord, shown: Shown): Violation | null {
    const { entries, place } = this.evidence;
    const given = this.before(index, record, shown);
    const there = entries.find(index, epoch)?.content;
    if (given === null || there === undefined || given.content === there) return null;
    return this.differs(record.node, index, [given.content, given.place], [there, place]);
  }

  /** The value that this life of the node has given from there, and still must have; null: none. */
  before(index: number, { call }: LogRecord, shown: Shown): Given | null {
    const given = shown.values.at(index);
    if (given === undefined || given.moment >= call) return null;
    return shown.stays(given.moment, this.evidence.cluster) ? given : null;
  }

  private differs(
    node: string,
    index: number,
    [before, earlier]: readonly [Content | undefined, number],
    [after, place]: readonly [Content, number],
  ): Violation {
    const { operations } = this.evidence;
    return violation(
      'never back',
      `${node} showed ${operations.name(before)} at index ${index} (record ${earlier}), and then ` +
        `${operations.name(after)} (record ${place}), in one life and with no later epoch.`,
      earlier,
      place,
    );
  }
}
