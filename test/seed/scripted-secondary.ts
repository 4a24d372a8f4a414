// A secondary by hand: answers heartbeats, and Snapshots as the test wants.

import { type Arrived, ScriptedPeer } from './scripted-peer.ts';

/** `silent`: answers nothing · `beating`: only heartbeats · `obedient`: acknowledges Snapshots
 * too. */
export type Manner = 'silent' | 'beating' | 'obedient';

const SNAPSHOT = '/replica/snapshot';
const HEARTBEAT = '/replica/heartbeat';

export class ScriptedSecondary {
  readonly node: string;
  readonly peer: ScriptedPeer;
  manner: Manner;
  incarnation: string;
  /** What its answers say of its log. */
  lastIndex = 0;
  /** The sequence number from which on the test counts. */
  private origin = 0;
  private ackedSeq = -1;

  private constructor(node: string, manner: Manner, peer: ScriptedPeer) {
    this.node = node;
    this.manner = manner;
    this.incarnation = `${node}-1`;
    this.peer = peer;
    peer.script = (request) => this.take(request);
  }

  static async start(node: string, manner: Manner): Promise<ScriptedSecondary> {
    return new ScriptedSecondary(node, manner, await ScriptedPeer.start(() => {}));
  }

  get url(): string {
    return this.peer.url;
  }

  /** Snapshots that arrived, copies included. */
  get snapshots(): Arrived[] {
    return this.peer.at(SNAPSHOT);
  }

  get heartbeats(): Arrived[] {
    return this.peer.at(HEARTBEAT);
  }

  /** Has caught up: what came until now is forgotten, and numbers are counted from here. */
  begin(manner: Manner): void {
    this.manner = manner;
    this.origin = this.ackedSeq + 1;
    this.peer.arrived.length = 0;
  }

  /** The `copy`-th Snapshot, arrived already or later, whose first update is the `place`-th (from
   * 0) since `begin`. */
  snapshot(place: number, copy = 1): Promise<Arrived> {
    return this.peer.next(SNAPSHOT, (body) => body.seq === this.origin + place, copy);
  }

  /** The first Snapshot that holds the operation with this index. */
  operation(index: number): Promise<Arrived> {
    const holds = (body: Arrived['body']): boolean =>
      body.updates.some((update: { index: number }) => update.index === index);
    return this.peer.next(SNAPSHOT, holds);
  }

  /** Answers that everything in this Snapshot, and before it, is persisted. */
  acknowledge({ body, answer }: Arrived): void {
    const { session, seq, updates } = body;
    this.lastIndex = Math.max(this.lastIndex, updates.at(-1)?.index ?? 0);
    this.ackedSeq = seq + updates.length - 1;
    answer(200, { result: 'SnapshotAck', session, seq: this.ackedSeq, lastIndex: this.lastIndex });
  }

  /** Answers that something before this Snapshot is missing: the `place`-th since `begin`. */
  refuse({ answer }: Arrived, place: number): void {
    const expected = this.origin + place;
    answer(409, { code: 'out-of-order', title: 'Out of order', status: 409, expected });
  }

  private take(request: Arrived): void {
    if (this.manner === 'silent') return;
    if (request.path === HEARTBEAT) {
      const { node, incarnation, lastIndex } = this;
      request.answer(200, { node, incarnation, epoch: request.body.epoch, lastIndex });
    } else if (request.path === SNAPSHOT && this.manner === 'obedient') {
      this.acknowledge(request);
    }
  }
}
