// The canary: a persistence with the oldest bug of all. It says "durable" as soon as it is asked,
// and writes afterwards. Everything else is the real one.

import type { Memory } from '../../src/core/effects.ts';
import type { LogIndex } from '../../src/core/ids.ts';
import type { Measured } from '../../src/core/log/log.ts';
import type { LogPoint } from '../../src/core/messages.ts';
import type { Entry } from '../../src/core/operation.ts';
import type { Chunk, Persistence, Recovery, Release } from '../../src/persistence/persistence.ts';

export class EarlyPersistence implements Persistence {
  private readonly real: Persistence;

  constructor(real: Persistence) {
    this.real = real;
  }

  get durable(): boolean {
    return this.real.durable;
  }

  get lastIndex(): LogIndex {
    return this.real.lastIndex;
  }

  get hash(): number {
    return this.real.hash;
  }

  persist(id: number, upTo: LogIndex): Promise<void> {
    this.real.persist(id, upTo).catch(() => undefined);
    return Promise.resolve();
  }

  recover(visit: (entry: Entry) => void): Promise<Recovery> {
    return this.real.recover(visit);
  }

  append(entries: readonly Entry[], holes?: readonly LogPoint[]): void {
    this.real.append(entries, holes);
  }

  truncate(after: LogIndex): void {
    this.real.truncate(after);
  }

  remember(memory: Memory): Promise<void> {
    return this.real.remember(memory);
  }

  measure(from: LogIndex, entriesMax: number, bytesMax: number): Measured {
    return this.real.measure(from, entriesMax, bytesMax);
  }

  read(from: LogIndex, to: LogIndex): Chunk | Promise<Chunk> {
    return this.real.read(from, to);
  }

  hold(): Release {
    return this.real.hold();
  }

  close(): Promise<void> {
    return this.real.close();
  }
}
