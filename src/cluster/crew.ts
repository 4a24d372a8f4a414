// The nodes of a running cluster with their processes, and those that were removed from it while
// theirs went on.
//
// Invariants:
// 1. A new node is given a port, and if it has none an id, that no other node here ever had.
// 2. A node that is removed is found in both parts until it has left.

import { UnknownNode } from './control.ts';
import type { Layout, NodePlace } from './files/layout.ts';
import { nextNodeId, portsOf } from './files/layout.ts';
import type { Child } from './process/child.ts';

export interface Member {
  readonly place: NodePlace;
  readonly child: Child;
}

export class Crew {
  readonly #members = new Map<string, Member>();
  readonly #removed = new Map<string, Member>();
  readonly #usedIds: Set<string>;
  #highestPort: number;

  /** `usedIds`: those that were used before. */
  constructor(layout: Layout, usedIds: readonly string[]) {
    this.#usedIds = new Set(usedIds);
    this.#highestPort = Math.max(...portsOf(layout));
  }

  /** How many belong to the cluster. */
  get size(): number {
    return this.#members.size;
  }

  /** Those that belong to the cluster. */
  get members(): Member[] {
    return [...this.#members.values()];
  }

  /** Those that were removed, and whose processes go on. */
  get removed(): Member[] {
    return [...this.#removed.values()];
  }

  /** All whose processes are this launcher's. */
  get all(): Member[] {
    return [...this.members, ...this.removed];
  }

  get ids(): string[] {
    return [...this.#members.keys()];
  }

  /** Ids of all nodes there ever were. */
  get usedIds(): string[] {
    return [...this.#usedIds];
  }

  /** The id of a new node that was given none. */
  get nextId(): string {
    return nextNodeId(this.#usedIds);
  }

  /** A new node's port is this, or the next one that is free. */
  get nextPort(): number {
    return this.#highestPort + 1;
  }

  /** It belongs to the cluster from now on. */
  enrol(member: Member): void {
    const { node, port } = member.place;
    this.#members.set(node, member);
    this.#usedIds.add(node);
    this.#highestPort = Math.max(this.#highestPort, port);
  }

  has(node: string): boolean {
    return this.#members.has(node);
  }

  /** A node of the cluster. Throws UnknownNode. */
  member(node: string): Member {
    const member = this.#members.get(node);
    if (member === undefined) throw new UnknownNode(node, this.ids);
    return member;
  }

  /** A node that was removed. */
  gone(node: string): Member | undefined {
    return this.#removed.get(node);
  }

  /** A node of the cluster, or one that was removed. */
  find(node: string): Member | undefined {
    return this.#members.get(node) ?? this.#removed.get(node);
  }

  /** It is being removed, and its process goes on. */
  release(member: Member): void {
    this.#removed.set(member.place.node, member);
  }

  /** It belongs to the cluster no more. */
  strike(node: string): void {
    this.#members.delete(node);
  }

  /** The process of a removed node has ended. */
  forget(node: string): void {
    this.#removed.delete(node);
  }
}
