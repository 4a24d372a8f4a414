// Converges: when the faults are over and the time that the history allows (`until`) has passed,
// all members that are up show the same log and the same values, and the cluster answers: writes
// succeed, and its master is read-write.

import type { Evidence, Invariant } from '../evidence.ts';
import type { GetRecord, HealthRecord, PhaseRecord, WriteRecord } from '../history/history.ts';
import { indexesOf } from '../log/by-index.ts';
import type { FinalLog } from '../log/final-logs.ts';
import { Superseded } from '../log/superseded.ts';
import { type Violation, violation } from '../verdict.ts';

/** Refusals that have nothing to do with the cluster's health. */
const DESERVED: ReadonlySet<string> = new Set([
  'idempotency-key-reused',
  'invalid-request',
  'precondition-failed',
  'too-large',
  'write-concern-unsatisfiable',
]);

interface LateGet {
  readonly record: GetRecord;
  readonly place: number;
}

/** Values read after the final logs, at most; more would only repeat them. */
const LATE_GETS_MAX = 10_000;

export class Converges implements Invariant {
  private readonly evidence: Evidence;
  private readonly lateGets: LateGet[] = [];
  /** Keys that were written after a final log: it need not say what they are now. */
  private readonly wrote = new Set<string>();
  private over = false;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  phase(record: PhaseRecord): Violation | null {
    this.over = record.phase === 'end';
    return null;
  }

  write(record: WriteRecord): Violation | null {
    const { finals, place, until } = this.evidence;
    if (finals.size > 0 && record.outcome !== 'refused') {
      for (const operation of record.operations) {
        if (operation.op !== 'append') this.wrote.add(operation.key);
      }
    }
    if (until === null || record.call < until || this.over) return null;
    if (record.outcome === 'ok' || DESERVED.has(record.code ?? '')) return null;
    const what = record.outcome === 'refused' ? 'was refused' : 'had no clear answer';
    return violation(
      'converges',
      `A write asked for at ${record.call}, after everything was to have healed at ${until}, ` +
        `${what}${record.code === undefined ? '' : ` (${record.code})`} (record ${place}).`,
      place,
    );
  }

  health(record: HealthRecord): Violation | null {
    const { cluster, place, until } = this.evidence;
    if (until === null || record.at < until || this.over) return null;
    const facts = cluster.nodes.get(record.node);
    if (facts?.left || record.role === 'removed') return null;
    const bad = record.role === null ? 'no role' : record.mode === 'read-only' ? 'read-only' : null;
    if (bad === null) return null;
    return violation(
      'converges',
      `${record.node} is ${bad === 'no role' ? 'without a role' : bad} at ${record.at}, after ` +
        `everything was to have healed at ${until} (record ${place}).`,
      place,
    );
  }

  get(record: GetRecord): Violation | null {
    const { finals, place } = this.evidence;
    if (this.wrote.has(record.key)) return null;
    if (finals.size > 0 && this.lateGets.length < LATE_GETS_MAX) {
      this.lateGets.push({ record, place });
    }
    return null;
  }

  finish(): Violation | null {
    const { cluster, finals } = this.evidence;
    const logs = [...finals.values()].filter(
      ({ node, whole }) => whole && cluster.nodes.get(node)?.left !== true,
    );
    const [first, ...others] = logs;
    if (first === undefined) return null;
    for (const other of others) {
      const found = this.compare(first, other);
      if (found !== null) return found;
    }
    return this.holes(logs) ?? this.values(logs);
  }

  private compare(one: FinalLog, other: FinalLog): Violation | null {
    const differs = (text: string): Violation =>
      violation('converges', `At the end ${text}.`, one.place, other.place);
    if (one.lastIndex !== other.lastIndex) {
      return differs(
        `the log of ${one.node} ends at ${one.lastIndex} (record ${one.place}), that of ` +
          `${other.node} at ${other.lastIndex} (record ${other.place})`,
      );
    }
    const { operations } = this.evidence;
    for (const index of indexesOf(one.contents, other.contents)) {
      const here = one.contents.at(index);
      const there = other.contents.at(index);
      const [epoch, otherEpoch] = [one.epochs.at(index), other.epochs.at(index)];
      if (here === there && epoch === otherEpoch) continue;
      // Nodes compact on their own: what only one of them still has must be on a key.
      const rest = here ?? there;
      const missing = here === undefined || there === undefined;
      if (missing && rest !== undefined && operations.key(rest) !== null) continue;
      return differs(
        `index ${index} is ${operations.name(here)} of epoch ${epoch ?? '-'} on ` +
          `${one.node} (record ${one.place}), and ${operations.name(there)} of epoch ` +
          `${otherEpoch ?? '-'} on ${other.node} (record ${other.place})`,
      );
    }
    return null;
  }

  /** Nothing is missing but what may have been compacted away. */
  private holes(logs: readonly FinalLog[]): Violation | null {
    const { entries, inFirstEpoch, operations } = this.evidence;
    let open = operations.openKeyValues;
    for (const log of logs) {
      const superseded = new Superseded(this.evidence, log);
      for (let index = 1; index <= log.lastIndex; index += 1) {
        if (log.contents.at(index) !== undefined) continue;
        const promised = this.evidence.promises.at(index);
        const variants = entries.at(index);
        const known = promised ? [promised.content] : variants.map(({ content }) => content);
        const said = operations.said.get(index);
        // What was shown there may have been lost with every disk, and this has taken its place.
        if (!promised && said !== undefined) known.push(said);
        if (known.some((content) => superseded.allows(content, index))) continue;
        // A put without an answer may have been superseded before anybody saw it, also in the place
        // of what was seen there and promised to nobody, or said to be there in another epoch.
        const stayed = promised !== null || (said !== undefined && inFirstEpoch);
        if (!stayed && open > 0) {
          open -= 1;
          continue;
        }
        const why = known.length === 0 ? '' : ', and nothing there was superseded';
        return violation(
          'converges',
          `At the end index ${index} is missing in the log of ${log.node}, which goes up to ` +
            `${log.lastIndex}${why} (record ${log.place}).`,
          promised?.place ?? variants[0]?.place ?? 0,
          log.place,
        );
      }
      open = operations.openKeyValues;
    }
    return null;
  }

  /** Values read after the final logs are what these say, each node's own if it showed one: where
   * an operation was lost after what it superseded was compacted away, a node that was not there
   * then still has that. */
  private values(logs: readonly FinalLog[]): Violation | null {
    const { cluster, operations } = this.evidence;
    const latest = new Map(logs.map((log) => [log.node, log.latest(operations)]));
    for (const { place, record } of this.lateGets) {
      const log = logs.find(({ node }) => node === record.node) ?? logs[0]!;
      if (cluster.nodes.get(record.node)?.left || (record.index ?? 0) > log.lastIndex) continue;
      const index = latest.get(log.node)!.get(record.key);
      const content = index === undefined ? undefined : log.contents.at(index);
      const lives = content !== undefined && operations.gives(content);
      const same = lives
        ? record.value !== null &&
          content === operations.of({ op: 'put', key: record.key, value: record.value })
        : record.value === null;
      if (same) continue;
      return violation(
        'converges',
        `At the end ${record.node} says ${JSON.stringify(record.key)} is ` +
          `${JSON.stringify(record.value)} (record ${place}), but the last operation on it in the ` +
          `log is ${operations.name(content)} (record ${log.place}).`,
        place,
        log.place,
      );
    }
    return null;
  }
}
