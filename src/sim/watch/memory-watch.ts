// What each process has promised to remember, judged from inside: its bookkeeping as the next life
// finds it, and whether anybody was told of an epoch before that was durable.

import type { Lost, Memory } from '../../core/effects.ts';
import { SESSIONS_PER_EPOCH } from '../../core/members/session-numbers.ts';
import type { Response, ResponseOrder } from '../../core/messages.ts';

/** Hears of a breach. */
export type Report = (judge: string, sentence: string) => void;

interface Asked {
  readonly memory: Memory | null;
  readonly text: string;
}

const asked = (memory: Memory | null): Asked => ({ memory, text: JSON.stringify(memory) });

const withoutLoss = (memory: Memory | null): string => JSON.stringify({ ...memory, lost: null });

/**
 * Invariants:
 * 1. The first of what is known of a process is what its bookkeeping surely holds; after it, in the
 *    order in which it was asked for, what it may hold.
 */
export class MemoryWatch {
  private readonly report: Report;
  private readonly known = new Map<string, Asked[]>();

  constructor(report: Report) {
    this.report = report;
  }

  /** A process wants to remember something; it may be durable from now on. */
  remembering(id: string, memory: Memory): void {
    this.of(id).push(asked(memory));
  }

  /** Its persistence has said that this, or something newer, is durable. */
  remembered(id: string, memory: Memory): void {
    const known = this.of(id);
    const place = known.findIndex((one) => one.memory === memory);
    if (place > 0) known.splice(0, place);
  }

  /** The next life has read its bookkeeping. `damaged`: it has noted there itself what it lost. */
  recovered(id: string, memory: Memory | null, damaged: boolean): void {
    const found = asked(memory);
    const known = this.of(id);
    const text = damaged ? withoutLoss(memory) : found.text;
    const told = (one: Asked): string => (damaged ? withoutLoss(one.memory) : one.text);
    if (!known.some((one) => told(one) === text)) {
      const sentence = `${id} was to remember ${known[0]!.text}; its next life found ${found.text}`;
      this.report('bookkeeping on disk', sentence);
    }
    this.known.set(id, [found]);
  }

  /** What damage took from it, as far as its bookkeeping says. */
  lostBy(id: string): Lost | null {
    return this.of(id).at(-1)!.memory?.lost ?? null;
  }

  /** Its bookkeeping surely says which cluster it belongs to. */
  belongs(id: string): boolean {
    return (this.of(id)[0]!.memory?.cluster ?? null) !== null;
  }

  /** The latest epoch that its bookkeeping surely says it has accepted. */
  acceptedBy(id: string): number {
    return this.of(id)[0]!.memory?.acceptedEpoch ?? 0;
  }

  /** Its disk is another one, or it has none. */
  forgotten(id: string): void {
    this.known.delete(id);
  }

  /** A node begins to lead. */
  leads(id: string, epoch: number): void {
    const durable = this.of(id)[0]!.memory?.epoch ?? 0;
    if (durable < epoch) this.early(id, `leads epoch ${epoch}`, durable);
  }

  /** What a node or an arbiter answers to another. */
  answers(id: string, response: Response | ResponseOrder): void {
    if (response.type === 'SnapshotAck') {
      const epoch = Math.floor(response.session / SESSIONS_PER_EPOCH);
      const durable = this.of(id)[0]!.memory?.acceptedEpoch ?? 0;
      if (durable < epoch) this.early(id, `acknowledges in epoch ${epoch}`, durable);
    } else if (response.type === 'JoinedMaster' || response.type === 'JoinedSecondary') {
      const durable = this.of(id)[0]!.memory?.arbiter?.epoch ?? 0;
      if (durable < response.epoch) this.early(id, `gives a role in ${response.epoch}`, durable);
    }
  }

  private early(id: string, what: string, durable: number): void {
    this.report('promises are durable', `${id} ${what}, and remembers only ${durable}`);
  }

  private of(id: string): Asked[] {
    let known = this.known.get(id);
    if (known === undefined) {
      known = [asked(null)];
      this.known.set(id, known);
    }
    return known;
  }
}
