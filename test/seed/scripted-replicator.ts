// A master by hand, towards one secondary: Snapshots and heartbeats with whatever numbers the test
// wants, in whatever order.

import { type Answer, call } from '../process/program.ts';

/** An operation as it stands in a Snapshot. */
export interface Update {
  readonly index: number;
  readonly epoch: number;
  readonly at: string;
  readonly op: 'append' | 'put' | 'remove';
  readonly message?: string;
  readonly key?: string;
  readonly value?: string;
}

const at = '2024-01-01T00:00:00.000Z';

export const put = (index: number, key: string, value: string, epoch = 1): Update => ({
  index,
  epoch,
  at,
  op: 'put',
  key,
  value,
});

export const remove = (index: number, key: string, epoch = 1): Update => ({
  index,
  epoch,
  at,
  op: 'remove',
  key,
});

export class ScriptedReplicator {
  epoch = 1;
  session = 1;
  private readonly secondary: string;

  constructor(secondary: string) {
    this.secondary = secondary;
  }

  /** Sends a Snapshot; `seq` is that of its first update. */
  snapshot(seq: number, ...updates: Update[]): Promise<Answer> {
    const { epoch, session } = this;
    const body = { epoch, session, seq, updates, commitIndex: 0 };
    return call('POST', `${this.secondary}/replica/snapshot`, body);
  }

  heartbeat(): Promise<Answer> {
    const master = { node: 'n1', url: 'http://127.0.0.1:9' };
    const body = { epoch: this.epoch, master, lastIndex: 0, commitIndex: 0 };
    return call('POST', `${this.secondary}/replica/heartbeat`, body);
  }
}
