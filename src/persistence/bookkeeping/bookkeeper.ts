// Has bookkeeping written until it is durable, for every host. The rule: an older one that could
// not be written is never written over a newer one, which stands for it.

import type { Memory } from '../../core/effects.ts';
import { StorageFailure } from '../persistence.ts';

/** Gap between two attempts. */
const RETRY_MS = 100;

export interface BookkeeperParts {
  /** Resolves when the memory is as durable as this process promises. */
  readonly remember: (memory: Memory) => Promise<void>;
  /** Calls back after so many milliseconds. */
  readonly after: (ms: number, run: () => void) => unknown;
  /** The memory of this number is durable. */
  readonly remembered: (id: number, memory: Memory) => void;
  /** It could not be written, for the first time since it last could. */
  readonly unwritten: (failure: StorageFailure) => void;
  /** Something else than the disk has failed. */
  readonly broken: (error: unknown) => void;
}

export class Bookkeeper {
  private readonly parts: BookkeeperParts;
  private latest = 0;
  private fails = false;

  constructor(parts: BookkeeperParts) {
    this.parts = parts;
  }

  /** `id` rises from call to call. A disk that fails is asked again, for ever. */
  remember(id: number, memory: Memory): void {
    this.latest = id;
    this.parts.remember(memory).then(
      () => {
        this.fails = false;
        this.parts.remembered(id, memory);
      },
      (error: unknown) => {
        if (error instanceof StorageFailure) this.failed(error, id, memory);
        else this.parts.broken(error);
      },
    );
  }

  private failed(failure: StorageFailure, id: number, memory: Memory): void {
    if (!this.fails) this.parts.unwritten(failure);
    this.fails = true;
    this.parts.after(RETRY_MS, () => {
      if (this.latest === id) this.remember(id, memory);
    });
  }
}
