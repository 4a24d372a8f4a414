// Several arbiters of a virtual cluster, which share one memory: whoever has the seat writes there,
// and nobody else. The seat passes when the test says so, whatever the one in charge believes.

import { ArbiterNode } from '../../../src/core/arbiter/arbiter-node.ts';
import { BLANK_MEMORY, type Effect, type Event, type Memory } from '../../../src/core/effects.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import type { VirtualCluster } from '../virtual-cluster.ts';
import type { Machine, VirtualHost } from '../virtual-host.ts';

/** What arbiters remember by, and who may write there. */
export class Register {
  memory: Memory = BLANK_MEMORY;
  /** null: nobody is in charge. */
  seat: string | null = null;
  /** When each epoch above the first was opened for another master than before. */
  readonly appointed: { readonly epoch: number; readonly master: string; readonly at: number }[] =
    [];

  /** Returns whether it was written. */
  write(term: string, memory: Memory, now: number): boolean {
    if (this.seat !== term) return false;
    const { epoch = 0, master = null } = memory.arbiter ?? {};
    if (master !== null && epoch > (this.appointed.at(-1)?.epoch ?? 0)) {
      this.appointed.push({ epoch, master, at: now });
    }
    this.memory = memory;
    return true;
  }
}

/** Stands by until it is in charge, and is a new machine for each of its terms. */
class InTurn implements Machine {
  private readonly inner: ArbiterNode | null;
  private readonly remember: (id: number, memory: Memory) => void;

  constructor(inner: ArbiterNode | null, remember: (id: number, memory: Memory) => void) {
    this.inner = inner;
    this.remember = remember;
  }

  step(event: Event, now: number): Effect[] {
    if (this.inner === null) {
      if (event.type !== 'Received') return [];
      const { ticket } = event;
      return [{ type: 'Respond', ticket, response: { type: 'Refused', code: 'standby' } }];
    }
    const effects: Effect[] = [];
    for (const effect of this.inner.step(event, now)) {
      if (effect.type === 'Remember') this.remember(effect.id, effect.memory);
      else effects.push(effect);
    }
    return effects;
  }

  deadline(): number {
    return this.inner?.deadline() ?? Number.POSITIVE_INFINITY;
  }
}

export class Turns {
  readonly register = new Register();
  /** How often another one was in charge. */
  taken = 0;
  private readonly cluster: VirtualCluster;
  /** How long etcd takes, in milliseconds, for one way. */
  private readonly delay: () => number;

  constructor(cluster: VirtualCluster, ids: readonly string[], delay: () => number) {
    this.cluster = cluster;
    this.delay = delay;
    for (const id of ids) this.standby(cluster.host(id));
  }

  /** The seat is taken from whoever has it, who hears nothing of that, for this one. */
  take(id: string): void {
    const { cluster, register } = this;
    this.taken += 1;
    const term = `${id}, term ${this.taken}`;
    register.seat = term;
    const { memory } = register;
    const host = cluster.host(id);
    const settings = { size: null, newCluster: 'cluster', failover: true, prefer: null, term };
    host.end();
    const { life } = host;
    let free = cluster.now;
    const remember = (nth: number, written: Memory): void => {
      // One write is under way at a time.
      free = Math.max(free, cluster.now) + this.delay();
      cluster.plan(free, () => {
        const done = register.write(term, written, cluster.now);
        cluster.plan(cluster.now + this.delay(), () => {
          if (host.life !== life) return;
          if (done) host.give({ type: 'Remembered', id: nth });
          else this.over(host);
        });
      });
    };
    const paused = host.paused;
    host.run(new InTurn(new ArbiterNode(DEFAULT_OPTIONS, settings, memory), remember));
    if (paused) host.pause();
    cluster.draw(`${id} is in charge`);
  }

  /** It has found that it is not in charge any more; one that stands still finds nothing. */
  private over(host: VirtualHost): void {
    if (host.paused) return;
    this.cluster.draw(`${host.id} is followed by another`);
    this.standby(host);
  }

  private standby(host: VirtualHost): void {
    host.end();
    host.run(new InTurn(null, () => {}));
  }
}
