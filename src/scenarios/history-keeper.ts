// Writes down what a scenario sees of its cluster, for the judges: every write with its answer,
// every log that was read, what was done to which node.

import type {
  HistoryRecord,
  LogRecord,
  NodeRecord,
  SeenEntry,
  WriteRecord,
} from '../check/history/history.ts';
import type { LogEntry, MasterHealth } from '../client/answers.ts';
import type { Operation } from '../core/operation.ts';
import type { Answer } from './answer.ts';
import { outcomeOf, placeOf } from './answer.ts';
import type { Request } from './requests.ts';

/** Reads of a scenario are made by one client, its writes by as many as there are at a time. */
const READER = 'reader';

/** A node's whole log. */
export interface SeenLog {
  readonly entries: readonly LogEntry[];
  readonly lastIndex: number;
  readonly commitIndex: number;
}

export class HistoryKeeper {
  readonly #records: HistoryRecord[] = [];
  readonly #now: () => number;
  #clients = 0;

  /** `now`: milliseconds, monotonic. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get records(): readonly HistoryRecord[] {
    return this.#records;
  }

  /** The name of a client that has never done anything. */
  newClient(): string {
    this.#clients += 1;
    return `client-${this.#clients}`;
  }

  write(
    client: string,
    node: string,
    request: NonNullable<Request['write']>,
    call: number,
    answer: Answer | null,
  ): void {
    const outcome = answer === null ? 'unknown' : outcomeOf(answer);
    const body = answer?.body ?? {};
    const record: WriteRecord = {
      type: 'write',
      client,
      node,
      ...request,
      call,
      return: answer === null || answer.status === 0 ? null : this.#now(),
      outcome,
      // The index in a refusal is that of another write.
      ...(answer === null || outcome === 'refused' ? {} : placeOf(answer)),
      ...(Array.isArray(body.acks) ? { acks: body.acks as string[] } : {}),
      ...(body.duplicate === true ? { duplicate: true } : {}),
      ...(typeof body.durable === 'boolean' ? { durable: body.durable } : {}),
      ...(typeof body.code === 'string' ? { code: body.code } : {}),
    };
    this.#records.push(record);
  }

  /** The whole log of a node. */
  log(
    node: string,
    life: string,
    call: number,
    { entries, lastIndex, commitIndex }: SeenLog,
    final: boolean,
  ): void {
    const record: LogRecord = {
      type: 'log',
      client: READER,
      node,
      life,
      read: 'local',
      call,
      return: this.#now(),
      from: 1,
      to: lastIndex,
      entries: entries.map(seen),
      lastIndex,
      commitIndex,
      ...(final ? { final } : {}),
    };
    this.#records.push(record);
  }

  get(
    node: string,
    life: string,
    call: number,
    read: { readonly key: string; readonly value: string | null; readonly index: number | null },
  ): void {
    this.#records.push({
      type: 'get',
      client: READER,
      node,
      life,
      read: 'local',
      call,
      return: this.#now(),
      ...read,
    });
  }

  node(node: string, life: string, event: NodeRecord['event'], durable?: boolean): void {
    const at = this.#now();
    const more = durable === undefined ? {} : { durable };
    this.#records.push({ type: 'node', at, node, life, event, ...more });
  }

  fault(node: string, kind: string, detail: string): void {
    this.#records.push({ type: 'fault', at: this.#now(), node, kind, detail });
  }

  /** The master's report. */
  health(health: MasterHealth): void {
    const { node, role, epoch, mode, lastIndex, commitIndex, quorum } = health;
    const at = this.#now();
    const record = { type: 'health', at, node, role, epoch, mode, lastIndex, commitIndex } as const;
    this.#records.push({ ...record, ...quorum });
  }

  phase(phase: 'safety' | 'liveness' | 'end'): void {
    this.#records.push({ type: 'phase', at: this.#now(), phase });
  }
}

function seen(entry: LogEntry): SeenEntry {
  return { index: entry.index, epoch: entry.epoch, operation: operationOf(entry) };
}

/** The operation of an entry, without its place. */
export function operationOf(entry: LogEntry): Operation {
  switch (entry.op) {
    case 'append':
      return { op: entry.op, message: entry.message };
    case 'put':
      return { op: entry.op, key: entry.key, value: entry.value };
    case 'remove':
      return { op: entry.op, key: entry.key };
  }
}
