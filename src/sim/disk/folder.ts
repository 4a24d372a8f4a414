// The names in the fake disk's folder, and what is left of them when the power goes. The rule: a
// name is as durable as the last sync of the folder; a file's bytes have nothing to do with it.

import type { Inode } from './inode.ts';

/** One creation, renaming or removal. */
interface NameChange {
  readonly set: string | null;
  readonly inode: Inode | null;
  readonly gone: string | null;
  durable: boolean;
}

export class Folder {
  private live = new Map<string, Inode>();
  private base = new Map<string, Inode>();
  private changes: NameChange[] = [];

  get(name: string): Inode | undefined {
    return this.live.get(name);
  }

  names(): string[] {
    return [...this.live.keys()];
  }

  /** Whether the file has a name still: most likely the one it was opened by. */
  holds(inode: Inode, name: string): boolean {
    return this.live.get(name) === inode || [...this.live.values()].includes(inode);
  }

  entries(): [string, Inode][] {
    return [...this.live];
  }

  /** Every file that calls see or that may come back, once. */
  all(): Set<Inode> {
    const found = new Set([...this.live.values(), ...this.base.values()]);
    for (const { inode } of this.changes) if (inode !== null) found.add(inode);
    return found;
  }

  link(name: string, inode: Inode): void {
    this.change({ set: name, inode, gone: null, durable: false });
  }

  unlink(name: string): void {
    if (this.live.has(name)) this.change({ set: null, inode: null, gone: name, durable: false });
  }

  rename(from: string, to: string, inode: Inode): void {
    if (from !== to) this.change({ set: to, inode, gone: from, durable: false });
  }

  /** Puts a name there as if it had always been. */
  place(name: string, inode: Inode): void {
    this.live.set(name, inode);
    this.base.set(name, inode);
  }

  /** The file, if no power cut takes its name. */
  durable(name: string): Inode | undefined {
    const inode = this.live.get(name);
    return inode === this.base.get(name) ? inode : undefined;
  }

  /** Takes a name away as if it had never been. */
  lose(name: string): void {
    this.live.delete(name);
    this.base.delete(name);
    this.changes = this.changes.filter(({ set }) => set !== name);
  }

  /** The changes that a sync which begins now makes durable when it ends. */
  unsynced(): readonly NameChange[] {
    return this.changes.filter((change) => !change.durable);
  }

  synced(changes: readonly NameChange[]): void {
    for (const change of changes) change.durable = true;
    while (this.changes[0]?.durable === true) carryOut(this.base, this.changes.shift()!);
  }

  /** The power goes: each change that is not durable is kept or not, as `kept` says. */
  cutPower(kept: () => boolean): void {
    for (const change of this.changes) {
      if (change.durable || kept()) carryOut(this.base, change);
    }
    this.changes = [];
    this.live = new Map(this.base);
  }

  /** A folder with the same names and its own files. */
  copy(): Folder {
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? inode.copy();
      copies.set(inode, copy);
      return copy;
    };
    const copy = new Folder();
    for (const [name, inode] of this.live) copy.live.set(name, copyOf(inode));
    for (const [name, inode] of this.base) copy.base.set(name, copyOf(inode));
    copy.changes = this.changes.map((change) => ({
      ...change,
      inode: change.inode === null ? null : copyOf(change.inode),
    }));
    return copy;
  }

  private change(change: NameChange): void {
    carryOut(this.live, change);
    this.changes.push(change);
  }
}

function carryOut(names: Map<string, Inode>, { set, inode, gone }: NameChange): void {
  if (gone !== null) names.delete(gone);
  if (set !== null && inode !== null) names.set(set, inode);
}
