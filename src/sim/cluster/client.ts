// A client: does what its plan says, one thing after the other; repeats, follows redirects, loses
// patience. The rule: what it hears, and nothing else, goes into the history.

import type { HistoryRecord, WriteRecord } from '../../check/history/history.ts';
import type { Outcome, Write } from '../../core/effects.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { Mutable } from '../../core/mutable.ts';
import type { Chance } from '../chance.ts';
import { drawOutcome, drawWrite } from '../drawing.ts';
import type { ClientOperation, PlannedRead, PlannedWrite } from '../plan/plan.ts';
import type { Cluster } from './cluster.ts';
import { type Heard, heardOf } from './heard.ts';
import type { NodeHost } from './node-host.ts';
import { type Asked, page, pageRecord, shownUpTo, valueAt, valueRecord } from './reading.ts';

/** Between a refusal and the next attempt. */
const PAUSE_MS = 150;

/** A read without an answer is given up after this long. */
const READ_PATIENCE_MS = 2_500;

export class Client {
  readonly id: string;
  private readonly cluster: Cluster;
  private readonly chance: Chance;
  private readonly operations: readonly ClientOperation[];
  /** Writes that nobody has answered yet. */
  private readonly waiting = new Set<() => void>();
  private next = 0;
  private target: string;

  constructor(
    id: string,
    parts: { cluster: Cluster; chance: Chance; operations: readonly ClientOperation[] },
  ) {
    this.id = id;
    this.cluster = parts.cluster;
    this.chance = parts.chance;
    this.operations = parts.operations;
    this.target = 'n1';
  }

  /** Goes on with its next operation when that is due. */
  proceed(): void {
    const operation = this.operations[this.next];
    this.next += 1;
    if (operation === undefined) return;
    const { timeline } = this.cluster;
    timeline.after(Math.max(0, operation.at - timeline.now), () => {
      if (operation.type === 'write') this.write(operation, 1);
      else this.read(operation);
    });
  }

  /** Everything that it was to do is done. */
  get idle(): boolean {
    return this.next > this.operations.length;
  }

  /** The recording ends: what is still unanswered stays so. */
  end(): void {
    for (const end of this.waiting) end();
  }

  // Writes.

  private write(write: PlannedWrite, attempt: number): void {
    const { timeline, network, trace } = this.cluster;
    const call = timeline.now;
    const node = this.target;
    if (attempt > 1) this.cluster.hit('retry');
    let leave = (): void => undefined;
    let open = true;
    const end = (heard: Heard, returned: number | null): void => {
      if (!open) return;
      open = false;
      this.waiting.delete(unanswered);
      patience.run = null;
      this.record(write, { node, call, returned, heard });
      this.after(write, attempt, heard);
    };
    const patience = timeline.after(write.patienceMs, () => {
      this.cluster.hit('impatience');
      trace.draw(`client ${this.id} goes away`);
      network.carry(this.id, node, () => leave());
      end({ outcome: 'unknown', code: 'gone' }, null);
    });
    const unanswered = (): void => end({ outcome: 'unknown' }, null);
    this.waiting.add(unanswered);
    if (trace.kept) {
      const drawn = { w: write.w, ...(write.key === null ? {} : { key: write.key }) };
      trace.draw(`client ${this.id} → ${node}  ${drawWrite(write.operations, drawn)}`);
    }
    this.reach(node, {
      arrived: (host, answer) => {
        const durable = host.engine!.persistence.durable;
        leave = host.inLife(
          host.write(this.order(write, node), (outcome) =>
            answer(() => {
              if (trace.kept) trace.draw(`client ${this.id} ← ${node}  ${drawOutcome(outcome)}`);
              this.redirect(outcome);
              end(heardOf(outcome, durable), timeline.now);
            }),
          ),
        );
      },
      refused: () => end({ outcome: 'refused', code: 'unreachable' }, timeline.now),
      broken: () => end({ outcome: 'unknown', code: 'broken' }, timeline.now),
    });
  }

  private order(write: PlannedWrite, node: string): Omit<Write, 'type' | 'ticket'> {
    const { wallOffsetMs } = this.cluster.site(node);
    const order: Mutable<Omit<Write, 'type' | 'ticket'>> = {
      operations: write.operations,
      batch: write.batch,
      at: new Date(Date.UTC(2026, 0, 1) + this.cluster.timeline.now + wallOffsetMs).toISOString(),
      w: write.w,
    };
    if (write.timeoutMs !== null) order.timeoutMs = write.timeoutMs;
    if (write.key !== null) order.idempotencyKey = write.key;
    if (write.onlyNew) order.ifIndex = null as LogIndex | null;
    return order;
  }

  private record(
    write: PlannedWrite,
    {
      node,
      call,
      returned,
      heard,
    }: { node: string; call: number; returned: number | null; heard: Heard },
  ): void {
    const record: Mutable<WriteRecord> = {
      type: 'write',
      client: this.id,
      node,
      operations: write.operations,
      idempotencyKey: write.key,
      w: write.w,
      call,
      return: returned,
      outcome: heard.outcome,
    };
    this.cluster.record(Object.assign(record, heard));
  }

  /** Asks again, if there is a point in it and no harm. */
  private after(write: PlannedWrite, attempt: number, { outcome, code }: Heard): void {
    const safe = outcome === 'refused' || (outcome === 'unknown' && write.key !== null);
    if (!safe || POINTLESS.has(code) || attempt >= write.tries) {
      this.proceed();
      return;
    }
    const elsewhere = code === 'unreachable' || code === 'broken' || code === 'gone';
    if (elsewhere) this.target = this.anyNode();
    const pause = code === 'not-master' ? 1 : PAUSE_MS * (0.5 + this.chance.next());
    this.cluster.timeline.after(pause, () => this.write(write, attempt + 1));
  }

  private redirect(outcome: Outcome): void {
    if (outcome.type === 'NotMaster') this.target = outcome.master.node;
    else if (outcome.type === 'NoMaster') this.target = this.anyNode();
  }

  private anyNode(): string {
    // The master hardly ever changes: it is worth asking again.
    return this.chance.happens(0.5) ? 'n1' : this.chance.pick(this.cluster.nodes).id;
  }

  // Reads.

  private read(read: PlannedRead): void {
    const { timeline } = this.cluster;
    const call = timeline.now;
    let open = true;
    const end = (): void => {
      if (!open) return;
      open = false;
      patience.run = null;
      this.proceed();
    };
    const patience = timeline.after(READ_PATIENCE_MS, end);
    this.reach(read.node, {
      arrived: (host, answer) => {
        timeline.stir();
        const life = host.lifeName;
        this.look(host, read).then(
          (shown) =>
            host.within(host.life, () =>
              answer(() => {
                if (!open) return;
                if (shown !== null) {
                  const { client, node, read: level } = read;
                  const asked = { client, node, life, read: level, call, return: timeline.now };
                  this.cluster.record(shown(asked));
                }
                end();
              }),
            ),
          () => host.within(host.life, () => answer(end)),
        );
      },
      refused: end,
      broken: end,
    });
  }

  /** What a node shows, to be recorded; null: nothing. */
  private async look(
    host: NodeHost,
    read: PlannedRead,
  ): Promise<((asked: Asked) => HistoryRecord) | null> {
    const upTo = await shownUpTo(host, read.read);
    if (upTo === null || host.engine === null) return null;
    if (read.type === 'get') {
      const { key } = read;
      const shown = await valueAt(host, key, upTo);
      return (asked) => valueRecord(asked, key, shown);
    }
    const shown = await page(host, upTo, read.whole);
    return (asked) => pageRecord(asked, shown);
  }

  /** Carries a request to a node, and what it answers back. */
  private reach(
    node: string,
    then: {
      arrived: (host: NodeHost, answer: (arrive: () => void) => void) => void;
      /** Nobody listens there. */
      refused: () => void;
      /** The connection broke. */
      broken: () => void;
    },
  ): void {
    const { network } = this.cluster;
    network.carry(this.id, node, () => {
      const { node: host } = this.cluster.site(node);
      if (host === null || !host.up) {
        if (host?.dark !== true) network.carry(node, this.id, then.refused);
        return;
      }
      const disconnect = host.connect(() => network.carry(node, this.id, then.broken));
      const answer = (arrive: () => void): void => {
        disconnect();
        network.carry(node, this.id, arrive);
      };
      host.within(host.life, () => {
        if (host.up) then.arrived(host, answer);
      });
    });
  }
}

/** The same question gets the same answer. */
const POINTLESS: ReadonlySet<string | undefined> = new Set([
  'precondition-failed',
  'write-concern-unsatisfiable',
  'idempotency-key-reused',
]);
