// Writes histories as a careful recorder would: a small model of a cluster whose every answer is
// right. Tests corrupt what it writes.

import type {
  GetRecord,
  HistoryRecord,
  LogRecord,
  NodeRecord,
  ReadLevel,
  SeenEntry,
  WriteRecord,
} from '../../src/check/history/history.ts';
import type { WriteConcern } from '../../src/core/effects.ts';
import type { Operation } from '../../src/core/operation.ts';

export const message = (text: string): Operation => ({ op: 'append', message: text });
export const put = (key: string, value: string): Operation => ({ op: 'put', key, value });
export const remove = (key: string): Operation => ({ op: 'remove', key });

type Asked = Partial<WriteRecord> & { readonly operations?: readonly Operation[] };

/** A cluster of n1 (master), n2 and n3 that does what it is told, and writes it down. */
export class Recording {
  readonly records: HistoryRecord[] = [];
  now = 0;
  epoch = 0;
  master = 'n1';
  readonly log: SeenEntry[] = [];
  private readonly lives = new Map<string, number>();
  private readonly keys = new Map<string, { first: number; count: number }>();
  readonly nodes: readonly string[];

  constructor(nodes: readonly string[] = ['n1', 'n2', 'n3'], durable = true) {
    this.nodes = nodes;
    for (const node of nodes) this.start(node, durable);
    this.lead('n1');
  }

  tick(ms = 1): number {
    this.now += ms;
    return this.now;
  }

  life(node: string): string {
    return `${node}-${this.lives.get(node) ?? 0}`;
  }

  node(node: string, event: NodeRecord['event'], more: Partial<NodeRecord> = {}): void {
    const at = this.tick();
    this.records.push({ type: 'node', at, node, life: this.life(node), event, ...more });
  }

  start(node: string, durable = true, damaged = false): void {
    this.lives.set(node, (this.lives.get(node) ?? 0) + 1);
    this.node(node, 'start', { durable, ...(damaged ? { damaged } : {}) });
  }

  lead(node: string): void {
    this.epoch += 1;
    this.master = node;
    this.node(node, 'role', { role: 'master', epoch: this.epoch });
    this.health();
  }

  health(more: Partial<HistoryRecord> = {}): void {
    const last = this.log.length;
    this.records.push({
      type: 'health',
      at: this.tick(),
      node: this.master,
      role: 'master',
      epoch: this.epoch,
      mode: 'read-write',
      lastIndex: last,
      commitIndex: last,
      alive: this.nodes.length,
      needed: Math.floor(this.nodes.length / 2) + 1,
      size: this.nodes.length,
      ...more,
    } as HistoryRecord);
  }

  /** Puts operations at the end of the log. */
  grow(...operations: readonly Operation[]): number {
    const first = this.log.length + 1;
    for (const operation of operations) {
      this.log.push({ index: this.log.length + 1, epoch: this.epoch, operation });
    }
    return first;
  }

  /** A write that succeeds, if `asked` does not say otherwise. */
  write(operation: Operation | readonly Operation[], asked: Asked = {}): WriteRecord {
    const operations = Array.isArray(operation) ? operation : [operation as Operation];
    const key = asked.idempotencyKey ?? null;
    const call = asked.call ?? this.tick();
    const known = key === null ? undefined : this.keys.get(key);
    const outcome = asked.outcome ?? 'ok';
    const first = known?.first ?? (outcome === 'refused' ? 0 : this.grow(...operations));
    if (key !== null && outcome !== 'refused') {
      this.keys.set(key, { first, count: operations.length });
    }
    const w: WriteConcern = asked.w ?? 'majority';
    const said = { first, last: first + operations.length - 1, acks: this.acksFor(w) };
    const record: WriteRecord = {
      type: 'write',
      client: 'c1',
      node: this.master,
      operations,
      idempotencyKey: key,
      w,
      call,
      return: this.tick(),
      outcome,
      ...(outcome === 'ok' ? said : {}),
      ...(known === undefined ? {} : { duplicate: true }),
      ...asked,
    };
    this.records.push(record);
    return record;
  }

  private acksFor(w: WriteConcern): string[] {
    const count =
      w === 'all'
        ? this.nodes.length
        : w === 'majority'
          ? Math.floor(this.nodes.length / 2) + 1
          : w;
    return [this.master, ...this.nodes.filter((node) => node !== this.master)].slice(0, count);
  }

  /** A node shows its log. */
  read(node: string, more: Partial<LogRecord> = {}, log: readonly SeenEntry[] = this.log): void {
    const last = more.lastIndex ?? log.at(-1)?.index ?? 0;
    const from = more.from ?? 1;
    const to = more.to ?? last;
    this.records.push({
      type: 'log',
      client: 'reader',
      node,
      life: this.life(node),
      read: 'local' as ReadLevel,
      call: this.tick(),
      return: this.tick(),
      from,
      to,
      entries: log.filter(({ index }) => index >= from && index <= to),
      lastIndex: last,
      commitIndex: last,
      ...more,
    });
  }

  get(node: string, key: string, more: Partial<GetRecord> = {}): void {
    const latest = this.log
      .filter(({ operation }) => operation.op !== 'append' && operation.key === key)
      .at(-1);
    const lives = latest?.operation.op === 'put';
    this.records.push({
      type: 'get',
      client: 'reader',
      node,
      life: this.life(node),
      read: 'local',
      call: this.tick(),
      return: this.tick(),
      key,
      value: lives && latest.operation.op === 'put' ? latest.operation.value : null,
      index: lives ? latest.index : null,
      ...more,
    });
  }

  /** Everything heals, and every node is read. */
  end(): readonly HistoryRecord[] {
    this.records.push({ type: 'phase', at: this.tick(), phase: 'liveness', until: this.now + 10 });
    this.tick(20);
    for (const node of this.nodes) this.read(node, { final: true });
    this.records.push({ type: 'phase', at: this.tick(), phase: 'end' });
    return this.records;
  }
}
