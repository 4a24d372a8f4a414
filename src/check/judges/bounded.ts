// Bounded: what the history can tell of limits. A page has at most 10,000 entries and holds only
// what it covers, and nothing that is not on a majority for those who ask for what is; nobody
// acknowledges beyond the end of the log; no batch is longer than 10,000; a commit index does not
// run ahead of the log; `acks` name nodes that exist, and what is read is shown by one that has
// started: in a life that nobody knows of it could be held against nothing.

import type { Evidence, Invariant } from '../evidence.ts';
import type {
  GetRecord,
  HealthRecord,
  LogRecord,
  NodeRecord,
  WriteRecord,
} from '../history/history.ts';
import { type Violation, violation } from '../verdict.ts';

/** Contract, section 3. */
const PAGE_MAX = 10_000;
const BATCH_MAX = 10_000;

export class Bounded implements Invariant {
  private readonly evidence: Evidence;
  /** The lives of each node that was introduced. */
  private readonly lives = new Map<string, Set<string>>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  write({ acks, first, last, operations, outcome }: WriteRecord): Violation | null {
    if (outcome === 'refused') {
      return first === undefined ? null : this.over('A refused write has an index');
    }
    if (operations.length > BATCH_MAX)
      return this.over(`A batch has ${operations.length} messages`);
    if (outcome === 'ok' && first === undefined) return this.over('A success has no index');
    if (first !== undefined && (last ?? first) - first + 1 !== operations.length) {
      return this.over(`Indexes ${first} to ${last} stand for ${operations.length} operations`);
    }
    const { nodes } = this.evidence.cluster;
    const introduced = [...nodes.values()].some(({ life }) => life !== '');
    const stranger = introduced ? acks?.find((node) => !nodes.has(node)) : undefined;
    if (stranger === undefined) return null;
    return this.over(`${stranger} is among the \`acks\`, but no record says that it was started`);
  }

  node({ event, life, node }: NodeRecord): null {
    if (event !== 'start') return null;
    const lives = this.lives.get(node) ?? new Set();
    this.lives.set(node, lives.add(life));
    return null;
  }

  log(record: LogRecord): Violation | null {
    return this.unborn(record) ?? this.page(record) ?? this.commits(record);
  }

  get(record: GetRecord): Violation | null {
    return this.unborn(record);
  }

  health(record: HealthRecord): Violation | null {
    return this.commits(record);
  }

  private unborn({ life, node }: LogRecord | GetRecord): Violation | null {
    if (this.lives.size === 0 || this.lives.get(node)?.has(life)) return null;
    return this.over(`${node} answers in its life ${life}, but no record says that it was started`);
  }

  private page(record: LogRecord): Violation | null {
    const { commitIndex, entries, from, lastIndex, node, read, to } = record;
    if (entries.length > PAGE_MAX)
      return this.over(`${node} shows ${entries.length} entries at once`);
    const outside = entries.find(({ index }) => index < from || index > to);
    if (outside !== undefined) {
      return this.over(`A page of ${node} from ${from} to ${to} shows index ${outside.index}`);
    }
    if (to > Math.max(lastIndex, from - 1)) {
      return this.over(`${node} shows a log up to ${to} that ends at ${lastIndex}`);
    }
    if (read === 'local' || lastIndex <= commitIndex) return null;
    return this.over(
      `${node} shows a log up to index ${lastIndex} to a ${read} read, and says that a majority ` +
        `has only what is up to ${commitIndex}`,
    );
  }

  private commits({ commitIndex, lastIndex, node }: HealthRecord | LogRecord): Violation | null {
    if (commitIndex <= lastIndex) return null;
    return this.over(`${node} says ${commitIndex} is on a majority; its log ends at ${lastIndex}`);
  }

  private over(what: string): Violation {
    const { place } = this.evidence;
    return violation('bounded', `${what} (record ${place}).`, place);
  }
}
