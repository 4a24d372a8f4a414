// What is stored in truth, whatever the nodes make of it on the wire: one log with idempotency
// keys, shared by all nodes of a run.

export type Operation =
  | { readonly op: 'append'; readonly message: string }
  | { readonly op: 'put'; readonly key: string; readonly value: string }
  | { readonly op: 'remove'; readonly key: string };

export type StoredEntry = Operation & {
  readonly index: number;
  readonly epoch: number;
  readonly at: string;
};

export interface Place {
  readonly first: number;
  readonly last: number;
  readonly duplicate: boolean;
}

export class TrueLog {
  readonly entries: StoredEntry[] = [];
  readonly #places = new Map<string, { readonly first: number; readonly last: number }>();

  /** Stores the operations in one piece unless the idempotency key is known. */
  write(idempotencyKey: string, operations: readonly Operation[]): Place {
    const known = this.#places.get(idempotencyKey);
    if (known !== undefined) return { ...known, duplicate: true };
    const first = this.entries.length + 1;
    for (const operation of operations) {
      const index = this.entries.length + 1;
      this.entries.push({ ...operation, index, epoch: 1, at: '2024-01-01T00:00:00.000Z' });
    }
    const place = { first, last: this.entries.length };
    this.#places.set(idempotencyKey, place);
    return { ...place, duplicate: false };
  }

  placeOf(idempotencyKey: string): { readonly first: number; readonly last: number } | null {
    return this.#places.get(idempotencyKey) ?? null;
  }

  /** The last put of the key, unless a removal came after it. */
  valueOf(key: string): (StoredEntry & { readonly op: 'put' }) | null {
    const last = this.entries.findLast((entry) => entry.op !== 'append' && entry.key === key);
    return last?.op === 'put' ? last : null;
  }
}
