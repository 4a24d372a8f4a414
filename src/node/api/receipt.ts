// What an acknowledgement is worth, in one sentence. Pure: made from who had the operation when the
// answer left, whether they keep it on disk, and how many nodes the cluster has.
//
// The rule: it promises no more than docs/guarantees.md does. Where nobody replaces a master, what
// is lost with it comes back only through the members that it hears when it is started again. Where
// another takes over, it need not hear those who have what no majority has.

import { majority } from '../../core/master/quorum.ts';

export interface Acknowledged {
  /** The nodes that have it, the master first. */
  readonly acks: readonly string[];
  /** The master keeps it on disk. */
  readonly durable: boolean;
  /** Cluster size. */
  readonly size: number;
  /** Other nodes that keep their log in memory. */
  readonly inMemory?: readonly string[];
  /** Another node takes over from a silent master. */
  readonly failover?: boolean;
}

export function receiptOf(acknowledged: Acknowledged): string {
  const { acks, durable, failover = false, inMemory = [], size } = acknowledged;
  // Another node may take over that hears nobody who has it.
  const open = failover && acks.length < majority(size);
  if (!durable) {
    return `in memory on ${listOf(acks, size)}: ${ofMemories(acks, size, open)}`;
  }
  // A memory adds nothing to what disks promise: a power cut takes it.
  const disks = acks.filter((node) => !inMemory.includes(node));
  const memories = acks.filter((node) => inMemory.includes(node));
  const beside = memories.length === 0 ? '' : `, in memory on ${nounsOf(memories, 'and')}`;
  return `on disk on ${listOf(disks, size)}${beside}: ${ofDisks(disks, size, open)}`;
}

function ofDisks(acks: readonly string[], size: number, open: boolean): string {
  const [master = 'the master'] = acks;
  if (open) return `survives crashes and power cuts, unless ${overruled(size)}`;
  if (acks.length <= 1) return `survives crashes and power cuts, but not the loss of ${master}`;
  const crashes = 'survives crashes and power cuts, and';
  if (acks.length < majority(size)) {
    const others = nounsOf(acks.slice(1), 'or');
    return `${crashes} the loss of ${master} if ${others} is up when it is started again`;
  }
  return `${crashes} ${lossOf(acks.length - 1)}`;
}

function ofMemories(acks: readonly string[], size: number, open: boolean): string {
  const [master = 'the master'] = acks;
  if (open) return `lost if ${master} ends, or ${overruled(size)}`;
  if (acks.length <= 1) return `lost when ${master} ends`;
  if (acks.length < majority(size)) {
    const others = nounsOf(acks.slice(1), 'or');
    return `survives the end of ${master} if ${others} is up when it is started again; no power cut`;
  }
  return `survives ${lossOf(acks.length - 1)}, but not a power cut`;
}

function overruled(size: number): string {
  return `another node becomes master before ${majority(size)} have it`;
}

function lossOf(count: number): string {
  return count === 1 ? 'the loss of any one node' : `the loss of any ${count} nodes`;
}

function listOf(acks: readonly string[], size: number): string {
  if (acks.length <= 1) return `${acks[0] ?? 'no node'} alone${size > 1 ? `, of ${size}` : ''}`;
  return `${nounsOf(acks, 'and')} of ${size}`;
}

function nounsOf(names: readonly string[], word: string): string {
  if (names.length <= 1) return names[0] ?? '';
  return `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
}
