// Linearizable: a `linearizable` read shows at least what was acknowledged, shown by another such
// read, or shown to be on a majority, before it was asked for. With each write's index this is the
// whole of linearizability: the order of the log is the order of the operations (total order, rule
// 3), and a read stands behind the last index that it shows. So the judgement is linear in time.
//
// And of each key: on one node, in one life and epoch, reads of one level never go backwards (but
// where a node that had left and is back starts over). A node may show for a while, when an epoch
// has begun that it has not heard of, what that epoch's log does not have: so what was shown first
// must be promised, or be there at the end (and not because it was stored there once more).
// A key that is gone has been removed (`absences.ts`).

import type { Evidence, Invariant } from '../evidence.ts';
import type { GetRecord, LogRecord, NodeRecord, WriteRecord } from '../history/history.ts';
import { Absences } from '../keys/absences.ts';
import { Register, type Said } from '../keys/register.ts';
import { Again } from '../log/again.ts';
import type { Content } from '../operations.ts';
import { Returned } from '../returned.ts';
import { type Violation, violation } from '../verdict.ts';

/** A value that is older than what was shown before it. */
interface Backward {
  readonly index: number;
  /** What was shown first, if it need not have stayed; null: it must have. */
  readonly content: Content | null;
  /** When the value that is back had gone; null: it is another one. */
  readonly goneBy: number | null;
  readonly key: string;
  readonly found: Violation;
}

export class Linearizable implements Invariant {
  private readonly evidence: Evidence;
  private readonly registers = new Map<string, Register>();
  private readonly absences: Absences;
  /** Whether what they showed first has stayed: the end of the history tells. */
  private readonly suspects: Backward[] = [];
  private readonly returned = new Returned();
  private readonly again = new Again();
  private excused = 0;
  private losses = 0;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
    this.absences = new Absences(evidence);
  }

  node(record: NodeRecord): Violation | null {
    this.returned.node(record, this.evidence.cluster);
    const { excused, highest, kept, losses } = this.evidence.promises;
    // What reads have shown need not be promised: it may be lost, though nothing is excused.
    const end = excused === this.excused ? (losses === this.losses ? null : kept) : highest;
    this.excused = excused;
    this.losses = losses;
    if (end === null) return null;
    for (const { settled } of this.registers.values()) settled.cap(end);
    return null;
  }

  write(record: WriteRecord): Violation | null {
    if (record.outcome === 'refused') return null;
    for (const [i, operation] of record.operations.entries()) {
      if (operation.op === 'append') continue;
      const content = this.evidence.operations.of(operation);
      this.again.write(record, i, content);
      if (record.first === undefined) continue;
      const index = record.first + i;
      // A 504 says as well that it is there, and who has it.
      if (this.evidence.promises.at(index)?.place !== this.evidence.place) continue;
      this.register(operation.key).settled.reach(
        record.return ?? record.call,
        index,
        this.evidence.place,
      );
    }
    return null;
  }

  log(record: LogRecord, contents: readonly Content[]): Violation | null {
    const { place, promises } = this.evidence;
    const isCommon = promises.certain(record.call, this.evidence.cluster);
    for (const [i, { index, operation }] of record.entries.entries()) {
      if (operation.op === 'append') continue;
      if (!isCommon || index > record.commitIndex) continue;
      if (promises.at(index)?.content !== contents[i]) continue;
      this.register(operation.key).settled.reach(record.return, index, place);
    }
    if (record.read !== 'linearizable' || record.call <= promises.riskAt) return null;
    const settled = promises.frontier.at(record.call);
    if (this.binds(record.node)) promises.frontier.reach(record.return, record.lastIndex, place);
    if (record.lastIndex >= settled.index) return null;
    return violation(
      'linearizable',
      `${record.node} answered a linearizable read asked for at ${record.call} with a log up to ` +
        `${record.lastIndex} (record ${place}); index ${settled.index} had been acknowledged ` +
        `(record ${settled.place}).`,
      settled.place,
      place,
    );
  }

  get(record: GetRecord): Violation | null {
    const register = this.register(record.key);
    return (
      this.stale(record, register) ??
      this.backwards(record, register) ??
      this.dropped(record, register)
    );
  }

  finish(): Violation | null {
    for (const suspect of this.suspects) if (this.surely(suspect)) return suspect.found;
    return this.absences.finish();
  }

  private stale(record: GetRecord, register: Register): Violation | null {
    const { place, promises } = this.evidence;
    if (record.read === 'majority') this.common(record, register);
    if (record.read !== 'linearizable' || record.call <= promises.riskAt) return null;
    const settled = register.settled.at(record.call);
    if (record.index === null) {
      this.absences.add(record, { ...settled, content: null });
      return null;
    }
    if (this.binds(record.node)) register.settled.reach(record.return, record.index, place);
    if (record.index >= settled.index) return null;
    return violation(
      'linearizable',
      `${record.node} answered a linearizable read of ${JSON.stringify(record.key)} asked for at ` +
        `${record.call} with index ${record.index} (record ${place}); index ${settled.index} had ` +
        `been acknowledged (record ${settled.place}).`,
      settled.place,
      place,
    );
  }

  /** Whether what this node shows as settled is so for others. Where the cluster's size is not
   * configured, one that has heard of nobody is a majority by itself; if it has left, or was asked
   * to, it takes along what it alone had. */
  private binds(node: string): boolean {
    const { nodes, sized } = this.evidence.cluster;
    return sized || nodes.get(node)?.left !== true;
  }

  /** What a majority has, every later linearizable read shows. */
  private common(record: GetRecord, register: Register): void {
    const { cluster, place, promises } = this.evidence;
    const { call, index } = record;
    if (index === null || !promises.certain(call, cluster)) return;
    if (promises.at(index)?.content !== this.contentOf(record)) return;
    register.settled.reach(record.return, index, place);
  }

  /** A node shows by itself, also after a restart, what it was named as having. */
  private dropped(record: GetRecord, register: Register): Violation | null {
    if (record.read !== 'local') return null;
    const { place, promises } = this.evidence;
    const held = promises.heldBy(record.node, record.call);
    const settled = register.settled.at(record.call);
    if (settled.index > held.index || (record.index ?? 0) >= settled.index) return null;
    if (record.index === null) {
      this.absences.add(record, { ...settled, content: null });
      return null;
    }
    return violation(
      'durable',
      `${record.node} is named as having everything up to index ${held.index} (record ` +
        `${held.place}), but says of ${JSON.stringify(record.key)}, asked for at ${record.call}, ` +
        `index ${record.index} (record ${place}); it was written at index ${settled.index} (record ` +
        `${settled.place}).`,
      settled.place,
      held.place,
      place,
    );
  }

  /** A `local` read is never behind an earlier one of any level; one of `majority` may be behind a
   * `local` one, which shows what is not on a majority yet. */
  private backwards(record: GetRecord, register: Register): Violation | null {
    const { node, read } = record;
    const own = read === 'local' ? 'local' : 'majority';
    const other = read === 'local' ? 'majority' : null;
    const found =
      other === null ? null : this.behind(record, register.said.get(`${node} ${other}`));
    const before = register.said.get(`${node} ${own}`);
    const last = this.behind(record, before);
    if ((last ?? found) !== null && this.returned.startsOver(node)) {
      this.forget(node);
      return this.backwards(record, register);
    }
    const back = last ?? found;
    const open = back !== null && (back.content !== null || back.goneBy !== null);
    if (open) this.suspects.push(back);
    const floor = !open && this.comparable(record, before) ? before.index : 0;
    const gone = record.index === null && floor > 0;
    if (gone && !this.returned.mayStartOver(node)) this.absences.add(record, before!);
    if (before === undefined || before.moment <= record.return) {
      const { opened } = this.evidence.cluster;
      const { index, life, return: moment } = record;
      const { place } = this.evidence;
      const content = this.contentOf(record) ?? (floor > 0 ? before!.content : null);
      const upTo = Math.max(index ?? 0, floor);
      const said = { life, opened, moment, place, content, gone: index === null, index: upTo };
      register.said.set(`${node} ${own}`, said);
    }
    return open ? null : (back?.found ?? null);
  }

  /** It has another log than when it said that. */
  private forget(node: string): void {
    for (const { said } of this.registers.values()) {
      said.delete(`${node} local`);
      said.delete(`${node} majority`);
    }
  }

  private comparable(record: GetRecord, said: Said | undefined): said is Said {
    const { cluster } = this.evidence;
    return (
      said !== undefined &&
      said.life === record.life &&
      said.opened === cluster.opened &&
      cluster.opened > cluster.ambiguous &&
      !cluster.opening &&
      said.moment < record.call
    );
  }

  private behind(record: GetRecord, said: Said | undefined): Backward | null {
    const { index, key, node } = record;
    if (index === null || !this.comparable(record, said)) return null;
    if (index > said.index || (index === said.index && !said.gone)) return null;
    const { place } = this.evidence;
    const before = said.gone ? `no value, after index ${said.index}` : `index ${said.index}`;
    const found = violation(
      'never back',
      `${node} said of ${JSON.stringify(key)}: ${before} (record ${said.place}), and then index ` +
        `${index} (record ${place}), in one life and epoch.`,
      said.place,
      place,
    );
    const back = index === said.index;
    const { promises } = this.evidence;
    const same = promises.at(said.index)?.content === said.content;
    const promised = same && !this.again.has(said.index);
    const content = promised ? null : said.content;
    return { index: said.index, content, goneBy: back ? said.moment : null, key, found };
  }

  /** Of the end: what was shown first has stayed. */
  private surely({ content, goneBy, index, key }: Backward): boolean {
    if (goneBy === null) return !this.again.has(index) && this.evidence.stayed(index, content);
    // What removed it may have been of an epoch that was over, and is in no log any more.
    const { operations, promises, removals } = this.evidence;
    const removal = operations.of({ op: 'remove', key });
    const kept = (at: number): boolean => promises.at(at)?.content === removal;
    return !removals.of(key).doubtful(kept).explain(index, goneBy);
  }

  private contentOf({ index, key, value }: GetRecord): Content | null {
    if (index === null || value === null) return null;
    return this.evidence.operations.of({ op: 'put', key, value });
  }

  private register(key: string): Register {
    let register = this.registers.get(key);
    if (register === undefined) {
      register = new Register();
      this.registers.set(key, register);
    }
    return register;
  }
}
