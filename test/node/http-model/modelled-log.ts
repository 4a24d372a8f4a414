// What the log has to contain after the requests so far: as simple as it can be said.

import type { Operation } from '../../../src/core/operation.ts';

export type ModelledEntry = Operation & { readonly index: number };

interface Remembered {
  readonly first: number;
  readonly last: number;
  /** What the key stands for. */
  readonly request: string;
}

export class ModelledLog {
  readonly entries: ModelledEntry[] = [];
  readonly keys = new Map<string, Remembered>();

  get last(): number {
    return this.entries.length;
  }

  add(operations: readonly Operation[], request: string, idempotencyKey?: string): void {
    const first = this.last + 1;
    for (const operation of operations) this.entries.push({ ...operation, index: this.last + 1 });
    const remembered = { first, last: this.last, request };
    if (idempotencyKey !== undefined) this.keys.set(idempotencyKey, remembered);
  }

  /** Entries `from`…`to` of which `shown` says so, at most `limit`, and where to continue. */
  page(from: number, to: number, limit: number, shown: (entry: ModelledEntry) => boolean) {
    const all = this.entries.slice(from - 1, to).filter(shown);
    return { entries: all.slice(0, limit), next: all[limit]?.index ?? null };
  }

  /** The value of a key as of `upTo`. */
  value(key: string, upTo: number): { value: string; index: number } | null {
    return this.values(upTo).find((item) => item.key === key) ?? null;
  }

  /** All keys and values as of `upTo`, in the order of the bytes of the keys. */
  values(upTo: number): { key: string; value: string; index: number }[] {
    const values = new Map<string, { key: string; value: string; index: number }>();
    for (const entry of this.entries.slice(0, upTo)) {
      if (entry.op === 'remove') values.delete(entry.key);
      if (entry.op !== 'put') continue;
      const { key, value, index } = entry;
      values.set(key, { key, value, index });
    }
    return [...values.values()].sort((a, b) => compareBytes(a.key, b.key));
  }
}

export const compareBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));
