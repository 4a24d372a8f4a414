// An Engine without a machine: a log in memory that tests fill themselves, outcomes that they
// choose, and a record of what the routes asked for.

import type { Outcome, Write } from '../../src/core/effects.ts';
import { epoch, type LogIndex, logIndex, nodeId } from '../../src/core/ids.ts';
import { Store } from '../../src/core/log/store.ts';
import type { Request, Response } from '../../src/core/messages.ts';
import { entryOf, type Operation } from '../../src/core/operation.ts';
import type { FollowerStatus, MasterStatus, NodeStatus } from '../../src/core/status.ts';
import type { Encoded, Engine } from '../../src/node/runtime/engine.ts';
import { MemoryPersistence } from '../../src/persistence/log/memory-persistence.ts';

export const AT = '2030-01-02T03:04:05.678Z';
export const N1 = { node: nodeId('n1'), url: 'http://127.0.0.1:4000' };
export const N2 = { node: nodeId('n2'), url: 'http://127.0.0.1:4001' };

type Asked = Omit<Write, 'type' | 'ticket'>;

export class FakeEngine implements Engine {
  readonly persistence = new MemoryPersistence();
  readonly writes: Asked[] = [];
  readonly received: Request[] = [];
  readonly keys = new Map<string, { first: LogIndex; count: number }>();
  readonly listeners = new Set<() => void>();
  readonly store = new Store();
  cuts = 0;
  aborted = 0;
  commitIndex = logIndex(0);
  commitKnown = true;
  state: NodeStatus | null = null;
  outcome: Outcome | 'append' | 'never' = 'append';
  confirmation: Outcome = { type: 'NotLinearizable', reason: 'No majority answered.' };
  response: Response | Encoded = { type: 'ReplicasNoted' };

  /** Puts operations at the end of the log; by default they are on a majority at once. */
  append(operations: readonly Operation[], options: { committed?: boolean } = {}): LogIndex {
    for (const operation of operations) {
      const index = logIndex(this.persistence.lastIndex + 1);
      const entry = entryOf(operation, { index, epoch: epoch(1), at: AT }, {});
      this.persistence.append([entry]);
      this.store.observe(entry);
    }
    if (options.committed !== false) this.commitIndex = this.persistence.lastIndex;
    for (const listener of this.listeners) listener();
    return this.persistence.lastIndex;
  }

  messages(...messages: readonly string[]): void {
    this.append(messages.map((message) => ({ op: 'append', message })));
  }

  async write(write: Asked, signal?: AbortSignal): Promise<Outcome> {
    this.writes.push(write);
    signal?.addEventListener('abort', () => {
      this.aborted += 1;
    });
    if (this.outcome === 'never') return new Promise(() => undefined);
    if (this.outcome !== 'append') return this.outcome;
    const first = logIndex(this.persistence.lastIndex + 1);
    const last = this.append(write.operations);
    return { type: 'Stored', first, last, acks: [nodeId('n1'), nodeId('n2')], duplicate: false };
  }

  async confirm(): Promise<Outcome> {
    return this.confirmation;
  }

  async receive(request: Request): Promise<Response | Encoded> {
    this.received.push(request);
    return this.response;
  }

  status(): NodeStatus {
    return this.state ?? this.master();
  }

  master(): MasterStatus {
    return {
      ...this.common(),
      role: 'master',
      mode: 'read-write',
      reason: null,
      recovering: false,
      failover: false,
      quorum: { size: 3, needed: 2, alive: 3 },
      waiting: 0,
      members: [
        {
          ...N2,
          role: 'secondary',
          status: 'Suspected',
          since: 8_500,
          lastHeartbeatMs: 1_600.4,
          ackedIndex: logIndex(3),
          lagEntries: 2,
          lagMs: 12.5,
          attempts: 4,
          retryInMs: 99.9,
          lastError: 'refuses connections',
        },
      ],
    };
  }

  follower(role: FollowerStatus['role']): FollowerStatus {
    return { ...this.common(), role, master: role === null ? null : N1 };
  }

  findKey(key: string): { first: LogIndex; count: number } | undefined {
    return this.keys.get(key);
  }

  findValue(key: string, upTo: LogIndex): LogIndex | null {
    return this.store.find(key, upTo);
  }

  listKeys(prefix: string, after: string | null, upTo: LogIndex, limit: number) {
    return this.store.list(prefix, after, upTo, limit);
  }

  readonly inMemory: string[] = [];

  holders(): readonly string[] {
    return ['n1', 'n3'];
  }

  onProgress(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Drops what is after an index, and writes other messages there, in one step. */
  replaceAfter(after: number, ...messages: readonly string[]): void {
    this.persistence.truncate(logIndex(after));
    this.cuts += 1;
    this.messages(...messages);
  }

  private common() {
    return {
      node: nodeId('n1'),
      epoch: epoch(7),
      lastIndex: this.persistence.lastIndex,
      persistedIndex: this.persistence.lastIndex,
      commitIndex: this.commitIndex,
      commitKnown: this.commitKnown,
      counters: {
        appended: 5,
        duplicates: 1,
        resends: 2,
        timeouts: 3,
        refused: { 'no-quorum': 4 },
      },
    };
  }
}
