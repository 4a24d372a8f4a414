// A judge of its own for tiny histories of a cluster that nothing happens to: one epoch, no node
// ends, n1 is master. It tries every order in which what was asked for may have taken effect, and
// every moment at which a node may have looked at its log, and says whether any of them gives the
// answers that were heard. It knows the contract only, and shares nothing with the judges.

import type {
  GetRecord,
  HistoryRecord,
  LogRecord,
  ReadLevel,
  WriteRecord,
} from '../../../src/check/history/history.ts';
import type { Operation } from '../../../src/core/operation.ts';
import { type Request, requestsOf } from './requests.ts';

type Read = LogRecord | GetRecord;

/** One thing at one moment: somebody asks, or is answered. */
interface Event {
  readonly at: number;
  readonly isCall: boolean;
  readonly request?: Request;
  readonly read?: Read;
}

/** An operation in the log, with the request that put it there. */
interface Entry {
  readonly operation: Operation;
  readonly by: number;
}

/**
 * What the cluster may be like at a moment. How much of the log a node has is known as "at least",
 * and is taken to be as little as what it has told allows: it can always get more later.
 */
interface State {
  readonly log: readonly Entry[];
  /** By node: how much of the log it has. */
  readonly has: Readonly<Record<string, number>>;
  /** By node: how much it has shown as being on a majority. */
  readonly settled: Readonly<Record<string, number>>;
  /** By node: how much it has said to be on a majority. */
  readonly commits: Readonly<Record<string, number>>;
  /** By node: indexes at which it has shown nothing, though it has what is behind them. */
  readonly gone: Readonly<Record<string, readonly number[]>>;
  /** How far any node has shown the log in a page, or by a value. */
  readonly seen: number;
  /** Reads that have looked, by their number. */
  readonly looked: ReadonlySet<number>;
  /** A final log has been read: nothing takes effect any more. */
  readonly quiet: boolean;
}

const MASTER = 'n1';

/** Whether some order of effects explains every answer. */
export function isExplained(records: readonly HistoryRecord[]): boolean {
  return new Search(records).run();
}

class Search {
  private readonly nodes: readonly string[];
  private readonly requests: readonly Request[];
  private readonly reads: readonly Read[];
  private readonly events: readonly Event[];
  private readonly met = new Set<string>();
  /** What the log must be in the end: whatever leads elsewhere need not be tried. */
  private readonly end: LogRecord | undefined;

  constructor(records: readonly HistoryRecord[]) {
    this.nodes = records.flatMap((each) =>
      each.type === 'node' && each.event === 'start' ? [each.node] : [],
    );
    this.requests = requestsOf(records);
    this.reads = records.filter(({ type }) => type === 'log' || type === 'get') as Read[];
    this.end = records.findLast((each) => each.type === 'log' && each.final === true) as LogRecord;
    const events: Event[] = [];
    for (const request of this.requests) {
      events.push({ at: request.record.call, isCall: true, request });
      const ends = request.record.return;
      if (ends !== null) events.push({ at: ends, isCall: false, request });
    }
    for (const read of this.reads) {
      events.push({ at: read.call, isCall: true, read }, { at: read.return, isCall: false, read });
    }
    // What has the same time may have been in either order: whoever asks first allows the most.
    this.events = events.sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall));
  }

  run(): boolean {
    const none = Object.fromEntries(this.nodes.map((node) => [node, 0]));
    const gone = Object.fromEntries(this.nodes.map((node) => [node, []]));
    const nothing = { has: none, settled: none, commits: none, gone, seen: 0 };
    return this.from(0, { log: [], ...nothing, looked: new Set(), quiet: false });
  }

  /** Whether what comes from this event on can be explained from here. */
  private from(next: number, state: State): boolean {
    const event = this.events[next];
    if (event === undefined) return true;
    // Who asks makes more possible, never less: what happens before it may as well happen after it.
    if (event.isCall) return this.from(next + 1, state);
    const name = nameOf(next, state);
    if (this.met.has(name)) return false;
    this.met.add(name);
    for (const then of this.passed(event, state)) if (this.from(next + 1, then)) return true;
    for (const then of this.unseen(next, state)) if (this.from(next, then)) return true;
    return false;
  }

  /** The states in which the answer may leave the cluster; none: it cannot be so. */
  private passed({ read, request }: Event, state: State): State[] {
    if (read !== undefined) return state.looked.has(this.reads.indexOf(read)) ? [state] : [];
    return this.answered(request!, state);
  }

  /** What may happen between two events: something takes effect, or a node looks. */
  private *unseen(next: number, state: State): Generator<State> {
    const over = this.events.slice(0, next);
    for (const { isCall, read, request } of over) {
      if (!isCall) continue;
      if (request !== undefined && this.mayTakeEffect(request, next, state)) {
        const entries = request.record.operations.map((operation) => ({
          operation,
          by: request.number,
        }));
        yield { ...state, log: [...state.log, ...entries] };
      }
      if (read === undefined) continue;
      const number = this.reads.indexOf(read);
      if (state.looked.has(number)) continue;
      const looked = new Set(state.looked).add(number);
      for (const then of this.looks(read, state)) yield { ...then, looked };
    }
  }

  private mayTakeEffect(request: Request, next: number, { log, quiet }: State): boolean {
    const { outcome } = request.record;
    if (quiet || outcome === 'refused' || !this.leadsToEnd(request, log.length)) return false;
    if (log.some(({ by }) => this.requests[by]!.slot === request.slot)) return false;
    // A success came after the effect; what has no clear answer may arrive at any time.
    if (outcome === 'unknown' && request.record.first === undefined) return true;
    return this.events.slice(next).some((event) => event.request === request && !event.isCall);
  }

  private leadsToEnd({ record: { operations } }: Request, length: number): boolean {
    const { end } = this;
    if (end === undefined) return true;
    if (length + operations.length > end.lastIndex) return false;
    return operations.every((operation, i) => {
      const there = end.entries.find(({ index }) => index === length + i + 1)?.operation;
      return there === undefined || nameOfOperation(there) === nameOfOperation(operation);
    });
  }

  private answered({ record, number, slot }: Request, state: State): State[] {
    const at = state.log.findIndex(({ by }) => this.requests[by]!.slot === slot);
    const owner = at < 0 ? null : this.requests[state.log[at]!.by]!;
    if (record.outcome === 'refused') {
      const isKnown = owner !== null && !sameOperations(owner.record, record);
      return record.code !== 'idempotency-key-reused' || isKnown ? [state] : [];
    }
    if (record.first !== undefined) {
      if (owner === null || !sameOperations(owner.record, record)) return [];
      if (at + 1 !== record.first) return [];
    }
    if (record.outcome === 'ok') {
      // Whoever is not told that it was a repeat has stored it.
      if (record.duplicate !== true && owner!.number !== number) return [];
      if (!this.isHonoured(record)) return [];
    }
    if (new Set(record.acks).size !== (record.acks ?? []).length) return [];
    const last = (record.first ?? 0) + record.operations.length - 1;
    const acks = record.first === undefined ? [] : (record.acks ?? []);
    if (acks.some((node) => !this.nodes.includes(node))) return [];
    return [{ ...state, has: raised(state.has, acks, last) }];
  }

  private isHonoured({ acks = [], node, w }: WriteRecord): boolean {
    const needed = w === 'all' ? this.nodes.length : w === 'majority' ? this.majority : w;
    return acks.includes(node) && acks.length >= needed;
  }

  private get majority(): number {
    return Math.floor(this.nodes.length / 2) + 1;
  }

  private looks(read: Read, state: State): State[] {
    if (read.read === 'linearizable' && read.node !== MASTER) return [];
    return read.type === 'log' ? this.page(read, state) : this.value(read, state);
  }

  private page(read: LogRecord, state: State): State[] {
    const { commitIndex, entries, from, lastIndex, node, to } = read;
    if (lastIndex < this.least(node, read.read, state) || lastIndex > state.log.length) return [];
    if (read.read === 'linearizable' && lastIndex !== state.log.length) return [];
    if (node === MASTER && read.read === 'local' && lastIndex < state.seen) return [];
    if (read.final === true && lastIndex !== state.log.length) return [];
    if (to > lastIndex) return [];
    if (commitIndex > lastIndex || commitIndex < state.commits[node]!) return [];
    if (read.read !== 'local' && lastIndex > commitIndex) return [];
    const shown = new Map(entries.map(({ index, operation }) => [index, operation]));
    if (shown.size !== entries.length) return [];
    for (const [i, { index }] of entries.entries()) {
      if (index < from || index > to || index <= (entries[i - 1]?.index ?? 0)) return [];
    }
    for (let index = from; index <= to; index += 1) {
      const there = shown.get(index);
      const operation = state.log[index - 1]!.operation;
      const isSame = there !== undefined && nameOfOperation(there) === nameOfOperation(operation);
      if (there !== undefined && (!isSame || state.gone[node]!.includes(index))) return [];
      if (there === undefined && !mayBeMissing(state.log, index, read)) return [];
    }
    const holes = state.log.map((_, i) => i + 1).filter((at) => at >= from && at <= to);
    const missing = holes.filter((at) => !shown.has(at));
    const gone = { ...state.gone, [node]: [...new Set([...state.gone[node]!, ...missing])].sort() };
    const commits = raised(state.commits, [node], commitIndex);
    const quiet = state.quiet || read.final === true;
    const seen = Math.max(state.seen, lastIndex);
    const then = { ...state, commits, gone, quiet, seen };
    return this.showing(read, lastIndex, lastIndex, then, commitIndex);
  }

  private value(read: GetRecord, state: State): State[] {
    const { index, key, node, value } = read;
    const { log } = state;
    const isWhole = read.read === 'linearizable';
    const least = isWhole ? log.length : this.least(node, read.read, state);
    for (let end = least; end <= log.length; end += 1) {
      const at = log.slice(0, end).findLastIndex(({ operation }) => isOn(operation, key));
      const operation = log[at]?.operation;
      const there = operation?.op === 'put' ? [operation.value, at + 1] : [null, null];
      if (there[0] === value && there[1] === index) {
        // Who says that there is no value does not say how far it has looked.
        const told = index ?? 0;
        const then = { ...state, seen: Math.max(state.seen, told) };
        return this.showing(read, end, told, then, read.read === 'local' ? 0 : end);
      }
    }
    return [];
  }

  /** A node never shows less than it has shown. */
  private least(node: string, read: ReadLevel, { has, settled }: State): number {
    return read === 'local' ? has[node]! : settled[node]!;
  }

  /** The node has the log up to `end`, and tells so of it up to `told`; `committed` is on a
   * majority: all ways in which it may be. */
  private showing(
    { node, read }: Read,
    end: number,
    told: number,
    state: State,
    committed: number,
  ): State[] {
    const settled = read === 'local' ? state.settled : raised(state.settled, [node], told);
    const has = raised(raised(state.has, [node], end), [MASTER], committed);
    const lacking = this.nodes.filter((each) => has[each]! < committed);
    const more = this.majority - (this.nodes.length - lacking.length);
    return choices(lacking, more).map((chosen) => {
      return { ...state, settled, has: raised(has, chosen, committed) };
    });
  }
}

/** All ways to take so many. */
function choices(from: readonly string[], count: number): string[][] {
  if (count <= 0) return [[]];
  return from.flatMap((each, i) =>
    choices(from.slice(i + 1), count - 1).map((others) => [each, ...others]),
  );
}

function raised(
  levels: Readonly<Record<string, number>>,
  nodes: readonly string[],
  to: number,
): Record<string, number> {
  const higher = nodes.map((node) => [node, Math.max(levels[node]!, to)]);
  return { ...levels, ...Object.fromEntries(higher) };
}

function isOn(operation: Operation, key: string): boolean {
  return operation.op !== 'append' && operation.key === key;
}

/** Compaction may have taken it out of the log that the page is of: a later operation on the key
 * stands in for it. */
function mayBeMissing(log: readonly Entry[], index: number, { lastIndex }: LogRecord): boolean {
  const { operation } = log[index - 1]!;
  if (operation.op === 'append') return false;
  const { key } = operation;
  return log.slice(index, lastIndex).some((later) => isOn(later.operation, key));
}

const nameOfOperation = (operation: Operation): string => JSON.stringify(operation);

function sameOperations(one: WriteRecord, other: WriteRecord): boolean {
  return JSON.stringify(one.operations) === JSON.stringify(other.operations);
}

function nameOf(next: number, { log, looked, quiet, seen, ...of }: State): string {
  const by = log.map((entry) => entry.by).join();
  const levels = [of.commits, of.gone, of.has, of.settled]
    .map((each) => Object.values(each).join())
    .join('/');
  return `${next} ${by} ${levels} ${[...looked].sort((a, b) => a - b).join()} ${seen} ${quiet}`;
}
