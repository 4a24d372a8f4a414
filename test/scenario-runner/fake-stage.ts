// A cluster in memory for tests of the player: small, honest, and in virtual time. A test may let
// it lie: `distort` changes what a node answers.

import type { Call, Reply } from '../../src/client/wire/link.ts';
import type { Action } from '../../src/cluster/control.ts';
import type { Stage, StageNode } from '../../src/scenarios/stage.ts';

export type Distort = (node: string, call: Call, reply: Reply) => Reply;

interface FakeNode {
  state: string;
  removed: boolean;
  life: number;
  held: boolean;
  /** How many entries it has. */
  has: number;
  hits: Record<string, number>;
}

interface FakeEntry {
  readonly index: number;
  readonly [field: string]: unknown;
}

interface Body {
  readonly message?: string;
  readonly messages?: readonly string[];
  readonly value?: string;
  readonly id?: unknown;
  readonly w?: number | 'majority' | 'all';
  readonly timeoutMs?: number;
}

export class FakeStage implements Stage {
  readonly byNode = new Map<string, FakeNode>();
  readonly log: FakeEntry[] = [];
  readonly trouble: string[] = [];
  readonly statuses: { node: string; to: string }[] = [];
  distort: Distort = (_, __, reply) => reply;
  ended = false;
  private readonly keys = new Map<string, number>();
  private time = 0;
  private sleepers: { at: number; wake: () => void }[] = [];
  private changed: (() => void)[] = [];

  constructor(nodes: readonly string[] = ['n1', 'n2', 'n3']) {
    for (const node of nodes) this.byNode.set(node, fresh());
  }

  nodes(): readonly StageNode[] {
    return [...this.byNode].map(([node, { state, life, removed }]) => ({
      node,
      role: removed ? 'removed' : node === 'n1' ? 'master' : 'secondary',
      state,
      life: `${node}-${life}`,
    }));
  }

  urlOf(node: string): string {
    return `http://${node}`;
  }

  async call(node: string, call: Call): Promise<Reply> {
    call.signal?.throwIfAborted();
    const answer = this.answer(node, call);
    const { status, body } = await unlessAborted(answer, call.signal);
    const reply = { url: `http://${node}${call.path}`, status, headers: new Headers(), body };
    return this.distort(node, call, reply);
  }

  async act(node: string, action: Action): Promise<void> {
    const one = this.byNode.get(node)!;
    if (action === 'kill' || action === 'stop')
      one.state = action === 'kill' ? 'exited' : 'stopped';
    if (action === 'pause') one.state = 'paused';
    if (action === 'resume') one.state = 'running';
    if (action === 'start') {
      one.state = 'running';
      one.life += 1;
    }
    if (one.state !== 'running') this.statuses.push({ node, to: 'Unhealthy' });
    else this.statuses.push({ node, to: 'Healthy' });
    this.spread();
  }

  async add(node: string): Promise<void> {
    this.byNode.set(node, fresh());
    this.spread();
  }

  async leave(node: string): Promise<void> {
    this.byNode.get(node)!.removed = true;
    this.spread();
  }

  async wipe(node: string): Promise<void> {
    this.byNode.get(node)!.has = 0;
  }

  transitions(node: string): readonly string[] {
    return this.statuses.filter((one) => one.node === node).map(({ to }) => to);
  }

  troubles(): readonly string[] {
    return this.trouble;
  }

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper = { at: this.time + ms, wake };
      const abort = (): void => {
        this.sleepers = this.sleepers.filter((one) => one !== sleeper);
        reject(signal?.reason);
      };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
      this.tick();
    });
  }

  async end(): Promise<void> {
    this.ended = true;
  }

  /** Lets whoever is awake do what there is to do, then moves on to the next who wakes. */
  private tick(): void {
    setImmediate(() => {
      this.sleepers.sort((a, b) => a.at - b.at);
      const next = this.sleepers.shift();
      if (next === undefined) return;
      this.time = Math.max(this.time, next.at);
      next.wake();
      if (this.sleepers.length > 0) this.tick();
    });
  }

  private spread(): void {
    for (const [node, one] of this.byNode) {
      if (node === 'n1' || (one.state === 'running' && !one.held && !one.removed)) {
        one.has = this.log.length;
      }
    }
    for (const look of this.changed.splice(0)) look();
  }

  private holders(index: number): string[] {
    return [...this.byNode]
      .filter(([, one]) => one.has >= index && one.state === 'running' && !one.removed)
      .map(([node]) => node);
  }

  private answer(node: string, call: Call): Promise<{ status: number; body: unknown }> {
    const [path = '', ...parts] = call.path.slice(1).split('/');
    const write = call.method !== 'GET' && (path === 'messages' || path === 'kv');
    return write ? this.write(call, parts) : Promise.resolve(this.read(node, call, path, parts));
  }

  private async write(call: Call, parts: string[]): Promise<{ status: number; body: unknown }> {
    const body = (call.json ?? {}) as Body;
    const members = [...this.byNode.values()].filter(({ removed }) => !removed).length;
    const kv = call.path.startsWith('/kv');
    const w = body.w ?? (kv ? 'all' : 'majority');
    const needed = w === 'all' ? members : w === 'majority' ? Math.floor(members / 2) + 1 : w;
    if (needed > members) return { status: 400, body: { code: 'write-concern-unsatisfiable' } };
    const id = call.headers?.['idempotency-key'];
    const known = id === undefined ? undefined : this.keys.get(id);
    const index = known ?? this.log.length + 1;
    if (known === undefined) this.add_(call, body, parts);
    if (id !== undefined) this.keys.set(id, index);
    this.spread();
    const deadline = this.time + (body.timeoutMs ?? (kv ? 1_000 : Number.POSITIVE_INFINITY));
    const last = known ?? this.log.length;
    while (this.holders(last).length < needed && this.time < deadline) {
      const change = new Promise<void>((resolve) => this.changed.push(resolve));
      const left = deadline - this.time;
      await (left === Number.POSITIVE_INFINITY ? change : Promise.race([change, this.sleep(left)]));
    }
    const acks = this.holders(last);
    const place = { index, first: index, last, acks, durable: false, id: body.id, key: parts[0] };
    if (acks.length < needed) {
      const code = kv ? 'operation-failed' : 'write-concern-timeout';
      return { status: 504, body: { code, result: 'OperationFailed', ...place } };
    }
    const duplicate = known === undefined ? {} : { duplicate: true };
    const status = kv || known !== undefined ? 200 : 201;
    return { status, body: { result: 'OperationAck', ...place, ...duplicate } };
  }

  private add_(call: Call, body: Body, [key]: string[]): void {
    const at = { epoch: 1, at: '2020-01-01T00:00:00.000Z' };
    const push = (entry: object): void => {
      this.log.push({ index: this.log.length + 1, ...at, ...entry });
    };
    if (call.method === 'PUT') push({ op: 'put', key, value: body.value });
    else if (call.method === 'DELETE') push({ op: 'remove', key });
    else for (const message of body.messages ?? [body.message]) push({ op: 'append', message });
  }

  private read(
    node: string,
    { method, json }: Call,
    path: string,
    [key]: string[],
  ): { status: number; body: unknown } {
    const one = this.byNode.get(node)!;
    const entries = this.log.slice(0, one.has);
    switch (path) {
      case 'log':
        return {
          status: 200,
          body: { entries, lastIndex: one.has, commitIndex: one.has, next: null },
        };
      case 'messages': {
        const messages = entries.filter(({ op }) => op === 'append').map(({ message }) => message);
        return { status: 200, body: { messages, lastIndex: one.has } };
      }
      case 'kv': {
        const found = entries.findLast((entry) => entry.key === key);
        const value = found?.op === 'put' ? found.value : null;
        const index = found?.index;
        const body = { result: 'GetResult', key, id: null, value, index };
        return { status: value === null ? 404 : 200, body };
      }
      case 'faults':
        if (method !== 'GET') {
          one.held = (json as { hold?: boolean } | undefined)?.hold === true;
          one.hits = { hold: one.held ? 1 : 0 };
          this.spread();
        }
        return { status: 200, body: { faults: {}, hits: one.hits } };
      default:
        return { status: 200, body: this.health() };
    }
  }

  private health(): object {
    const members = [...this.byNode].filter(([, { removed }]) => !removed);
    const alive = members.filter(([, { state }]) => state === 'running').length;
    const needed = Math.floor(members.length / 2) + 1;
    return {
      node: 'n1',
      role: 'master',
      epoch: 1,
      commitIndex: this.log.length,
      mode: alive >= needed ? 'read-write' : 'read-only',
      reason: null,
      lastIndex: this.log.length,
      quorum: { size: members.length, needed, alive },
      members: members.map(([node, { state, has, held }]) => ({
        node,
        status: state === 'running' ? 'Healthy' : 'Unhealthy',
        lastHeartbeatMs: state === 'running' ? 100 : 5_000,
        ackedIndex: has,
        attempts: held ? 3 : 0,
      })),
    };
  }
}

function fresh(): FakeNode {
  return { state: 'running', removed: false, life: 1, held: false, has: 0, hits: {} };
}

/** The value, unless the signal aborts before it is there. */
async function unlessAborted<T>(value: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return value;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  return Promise.race([value, aborted]).finally(() => signal.removeEventListener('abort', abort));
}
