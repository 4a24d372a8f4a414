// A cluster so small that it is plainly right: one log, and of each node how much of it it has.
// Chance decides who does what next. It writes the history that its clients would have recorded.

import type {
  GetRecord,
  HistoryRecord,
  LogRecord,
  ReadLevel,
  WriteRecord,
} from '../../../src/check/history/history.ts';
import type { WriteConcern } from '../../../src/core/effects.ts';
import type { Operation } from '../../../src/core/operation.ts';
import type { Chance } from '../../../src/sim/chance.ts';
import { message, put, remove } from '../recording.ts';

type Editable<T> = { -readonly [Name in keyof T]: T[Name] };
type Draft = Editable<WriteRecord> & { at: number; isRepeat: boolean };
type Read = LogRecord | GetRecord;

const WRITES_MAX = 6;
const READS_MAX = 5;

/** A history of one epoch in which nothing happens to a node. */
export function drawnHistory(chance: Chance): HistoryRecord[] {
  return new TinyCluster(chance).run();
}

class TinyCluster {
  private readonly chance: Chance;
  private readonly nodes: readonly string[];
  private readonly records: HistoryRecord[] = [];
  private now = 1;
  private readonly log: Operation[] = [];
  /** By node: how much of the log it shows, and how much it keeps. */
  private readonly shows: Record<string, number> = {};
  private readonly keeps: Record<string, number> = {};
  private readonly commits: Record<string, number> = {};
  /** By idempotency key: what it stands for. */
  private readonly known = new Map<string, { operations: readonly Operation[]; first: number }>();
  /** Requests that have not been answered: some have not taken effect either. */
  private readonly open = new Map<string, Draft>();
  /** Requests that nobody waits for: they may still arrive. */
  private readonly adrift: Draft[] = [];
  private readonly silent: WriteRecord[] = [];
  private readonly reading = new Map<string, Read & { looked: boolean }>();
  private writes = 0;
  private reads = 0;

  constructor(chance: Chance) {
    this.chance = chance;
    this.nodes = chance.happens(0.6) ? ['n1', 'n2', 'n3'] : ['n1', 'n2'];
    for (const node of this.nodes) {
      this.shows[node] = this.keeps[node] = this.commits[node] = 0;
      const start = { event: 'start', life: `${node}-1`, durable: true } as const;
      this.records.push({ type: 'node', at: 0, node, ...start });
    }
    const role = { event: 'role', role: 'master', epoch: 1, life: 'n1-1' } as const;
    this.records.push({ type: 'node', at: 0, node: 'n1', ...role });
    const size = this.nodes.length;
    const ends = { lastIndex: 0, commitIndex: 0, alive: size, needed: this.majority, size };
    const health = { role: 'master', epoch: 1, mode: 'read-write' } as const;
    this.records.push({ type: 'health', at: 0, node: 'n1', ...health, ...ends });
    this.begin();
  }

  /** One write that everybody has: so all are members, and something is acknowledged. */
  private begin(): void {
    this.log.push(message('m0'));
    for (const node of this.nodes) this.shows[node] = this.keeps[node] = 1;
    const asked = { client: 'ann', node: 'n1', operations: [message('m0')], idempotencyKey: null };
    const answer = { w: 'all', call: 1, return: 2, outcome: 'ok', first: 1, last: 1 } as const;
    this.records.push({ type: 'write', ...asked, ...answer, acks: this.nodes });
    this.now = 3;
  }

  run(): HistoryRecord[] {
    const writesMax = this.chance.whole(2, WRITES_MAX);
    const readsMax = this.chance.whole(1, READS_MAX);
    while (this.writes < writesMax || this.reads < readsMax || this.open.size > 0) {
      if (this.chance.happens(0.6)) this.now += 1;
      this.step(writesMax, readsMax);
    }
    while (this.reading.size > 0) this.look();
    return this.end();
  }

  private step(writesMax: number, readsMax: number): void {
    const drawn = this.chance.whole(0, 9);
    if (drawn <= 1 && this.writes < writesMax) this.ask();
    else if (drawn <= 3) this.takeEffect();
    else if (drawn <= 5) this.move(this.chance.pick(this.nodes));
    else if (drawn === 6) this.answer();
    else if (drawn === 7 && this.reads < readsMax) this.read();
    else this.look();
  }

  private get majority(): number {
    return Math.floor(this.nodes.length / 2) + 1;
  }

  private ask(): void {
    const client = this.chance.pick(['ann', 'bob', 'eve']);
    if (this.open.has(client)) return;
    this.writes += 1;
    const again = this.chance.happens(0.3) ? this.chance.pick([...this.keyed(), null]) : null;
    const key = this.chance.happens(0.4) ? `i${this.writes}` : null;
    const isSame = again !== null && this.chance.happens(0.8);
    const operations = isSame ? again.operations : this.operations();
    this.open.set(client, {
      type: 'write',
      client,
      node: 'n1',
      operations,
      idempotencyKey: again?.idempotencyKey ?? key,
      w: this.chance.pick<WriteConcern>([1, 2, 'majority', 'all']),
      call: this.now,
      return: null,
      outcome: 'unknown',
      at: 0,
      isRepeat: false,
    });
  }

  /** Requests with a key so far. */
  private keyed(): WriteRecord[] {
    const all = [...this.open.values(), ...this.adrift, ...this.records];
    return all.filter(
      (each): each is WriteRecord => each.type === 'write' && each.idempotencyKey !== null,
    );
  }

  private operations(): Operation[] {
    const name = `${this.writes}`;
    const key = this.chance.pick(['j', 'k']);
    const drawn = this.chance.whole(0, 9);
    if (drawn <= 3) return [message(`m${name}`)];
    if (drawn <= 6) return [put(key, `v${name}`)];
    if (drawn <= 8) return [remove(key)];
    return [message(`b${name}`), message(`c${name}`)];
  }

  private takeEffect(): void {
    const all = [...this.open.values(), ...this.adrift].filter(({ at }) => at === 0);
    if (all.length === 0) return;
    const draft = this.chance.pick(all);
    const key = draft.idempotencyKey;
    const before = key === null ? undefined : this.known.get(key);
    if (before !== undefined) {
      const isSame = JSON.stringify(before.operations) === JSON.stringify(draft.operations);
      draft.at = isSame ? before.first : -1;
      draft.isRepeat = true;
      return;
    }
    draft.at = this.log.length + 1;
    this.log.push(...draft.operations);
    this.shows.n1 = this.log.length;
    if (key !== null) this.known.set(key, { operations: draft.operations, first: draft.at });
  }

  private move(node: string): void {
    const drawn = this.chance.whole(0, 2);
    if (drawn === 0) this.shows[node] = this.chance.whole(this.shows[node]!, this.log.length);
    if (drawn === 1) this.keeps[node] = this.chance.whole(this.keeps[node]!, this.shows[node]!);
    if (drawn === 2) this.learn(node);
  }

  private learn(node: string): void {
    const kept = Object.values(this.keeps).sort((a, b) => b - a)[this.majority - 1]!;
    const known = node === 'n1' ? kept : Math.min(this.commits.n1!, this.shows[node]!);
    this.commits[node] = Math.max(this.commits[node]!, known);
  }

  private answer(): void {
    if (this.open.size === 0) return;
    const draft = this.chance.pick([...this.open.values()]);
    const { at, isRepeat, ...asked } = draft;
    const say = (more: Partial<WriteRecord>): void => {
      this.open.delete(draft.client);
      this.records.push({ ...asked, return: this.now, ...more });
    };
    if (at === -1) {
      say({ outcome: 'refused', code: 'idempotency-key-reused' });
    } else if (at === 0) {
      if (this.chance.happens(0.3)) {
        say({ outcome: 'refused', code: this.chance.pick(['no-quorum', 'precondition-failed']) });
      } else if (this.chance.happens(0.5)) {
        this.open.delete(draft.client);
        this.adrift.push(draft);
        if (this.chance.happens(0.5)) say({ code: 'unanswered' });
        else this.silent.push(asked);
      }
    } else {
      const last = at + asked.operations.length - 1;
      const acks = this.nodes.filter((node) => node === 'n1' || this.keeps[node]! >= last);
      const said = { first: at, last, acks };
      const isMet = acks.length >= this.needed(asked.w) && this.keeps.n1! >= last;
      if (this.chance.happens(0.1)) say({ code: 'unanswered' });
      else if (isMet) say({ outcome: 'ok', ...said, ...(isRepeat ? { duplicate: true } : {}) });
      else if (this.chance.happens(0.3) && this.keeps.n1! >= last) {
        say({ code: 'write-concern-timeout', ...said });
      }
    }
  }

  private needed(w: WriteConcern): number {
    if (w === 'all') return this.nodes.length;
    return w === 'majority' ? this.majority : w;
  }

  private read(): void {
    const client = this.chance.pick(['rob', 'sue']);
    if (this.reading.has(client)) return;
    this.reads += 1;
    const level = this.chance.pick<ReadLevel>(['local', 'local', 'majority', 'linearizable']);
    const node = level === 'linearizable' ? 'n1' : this.chance.pick(this.nodes);
    const asked = { client, node, life: `${node}-1`, read: level, call: this.now, return: 0 };
    const key = this.chance.pick(['j', 'k']);
    const nothing = { from: 1, to: 0, entries: [], lastIndex: 0, commitIndex: 0 };
    const what = this.chance.happens(0.5)
      ? { type: 'get' as const, key, value: null, index: null }
      : { type: 'log' as const, ...nothing };
    this.reading.set(client, { ...asked, ...what, looked: false });
  }

  private look(): void {
    if (this.reading.size === 0) return;
    const [client, draft] = this.chance.pick([...this.reading]);
    if (!draft.looked) {
      const shown = this.shownTo(draft);
      const looked = { ...draft, ...shown, looked: true } as Read & { looked: boolean };
      if (shown !== null) this.reading.set(client, looked);
      return;
    }
    const { looked: _, ...record } = draft;
    this.reading.delete(client);
    this.records.push({ ...record, return: this.now });
  }

  private shownTo(draft: Read): Partial<LogRecord> | Partial<GetRecord> | null {
    const { node, read } = draft;
    this.learn(node);
    const all = this.log.length;
    // A master proves that all it shows is on a majority before it answers.
    if (read === 'linearizable' && this.commits.n1 !== all) {
      for (const each of this.nodes) this.shows[each] = this.keeps[each] = all;
      return null;
    }
    const end = read === 'local' ? this.shows[node]! : this.commits[node]!;
    return draft.type === 'log' ? this.page(draft, end) : this.value(draft, end);
  }

  private page({ node }: Read, end: number): Partial<LogRecord> {
    const entries = this.log.slice(0, end).map((operation, i) => {
      return { index: i + 1, epoch: 1, operation };
    });
    const commitIndex = Math.min(this.commits[node]!, end);
    return { from: 1, to: end, entries, lastIndex: end, commitIndex };
  }

  private value({ key }: GetRecord, end: number): Partial<GetRecord> {
    const at = this.log
      .slice(0, end)
      .findLastIndex((each) => each.op !== 'append' && each.key === key);
    const operation = this.log[at];
    return operation?.op === 'put'
      ? { value: operation.value, index: at + 1 }
      : { value: null, index: null };
  }

  /** What is adrift has arrived, or never does; all nodes have everything, and are read. */
  private end(): HistoryRecord[] {
    for (const _ of [...this.adrift]) if (this.chance.happens(0.5)) this.takeEffect();
    this.now += 1;
    this.records.push(...this.silent, {
      type: 'phase',
      at: this.now,
      phase: 'liveness',
      until: this.now + 1,
    });
    this.now += 2;
    for (const node of this.nodes) this.shows[node] = this.keeps[node] = this.log.length;
    this.learn('n1');
    for (const node of this.nodes) {
      this.learn(node);
      const life = `${node}-1`;
      const asked = { client: 'judge', node, life, read: 'local' as const, call: this.now };
      const page = this.page(asked as LogRecord, this.log.length) as LogRecord;
      this.records.push({ ...page, ...asked, type: 'log', return: this.now + 1, final: true });
      this.now += 2;
    }
    return this.records;
  }
}
