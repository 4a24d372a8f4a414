// One run of random requests against a cluster in this process, each node with its model.

import { type RunningNode, type ServeNodeOptions, serveNode } from '../../../src/node/serve.ts';
import { LONE_NODE } from '../lone-node.ts';
import { Described } from './described.ts';
import { type Json, parsed, wrongIn } from './expectation.ts';
import { expectationOf, type ModelledNode } from './model.ts';
import { ModelledLog } from './modelled-log.ts';
import { RandomRequests } from './random-requests.ts';
import { differsFrom } from './reading.ts';
import { bytesOf, type WireAnswer, WireConnection, type WireRequest } from './wire-connection.ts';

/** What replication may meet: none of it keeps an operation from its way for long. */
const FAULTS = [
  {},
  { delayMs: 2 },
  { errorBefore: 1, times: 1 },
  { errorAfter: 1, times: 1 },
  { dropReply: 1, times: 1 },
  { persist: { delayMs: 2 } },
];

export class HttpRun {
  /** Each answer that is not as it has to be; at the first one the run is over. */
  readonly wrong: string[] = [];
  /** How often each status was answered. */
  readonly statuses: Record<number, number> = {};
  private readonly nodes: readonly RunningNode[];
  private readonly models: readonly ModelledNode[];
  private readonly log = new ModelledLog();
  private readonly requests: RandomRequests;
  private readonly connections = new Map<string, WireConnection>();
  private described = new Described({ paths: {} });
  private keys = 0;

  private constructor(seed: number, nodes: readonly RunningNode[]) {
    this.nodes = nodes;
    const [{ node, url }] = nodes as readonly [RunningNode];
    this.models = nodes.map((each, i) => ({
      node: each.node,
      role: i === 0 ? 'master' : 'secondary',
      master: { node, url },
      size: nodes.length,
      log: this.log,
      shown: 0,
      committed: 0,
      acknowledged: (index, acks) => this.acknowledged(index, acks),
    }));
    this.requests = new RandomRequests(seed, nodes.length, () => this.log.last);
  }

  static async start(seed: number, size: number): Promise<HttpRun> {
    const options: ServeNodeOptions = { ...LONE_NODE, size, w: 'majority', faults: true };
    const nodes = [await serveNode(options)];
    const join = [nodes[0]!.url];
    for (let i = 2; i <= size; i += 1) {
      nodes.push(await serveNode({ ...options, id: `n${i}`, role: 'secondary', join }));
    }
    const run = new HttpRun(seed, nodes);
    await run.ready();
    return run;
  }

  async stop(): Promise<void> {
    for (const connection of this.connections.values()) connection.close();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** Sends something, and holds what comes back against the model. */
  async step(): Promise<void> {
    const { requests, models } = this;
    const place = requests.chance(0.7) ? 0 : requests.below(models.length);
    switch (requests.below(30)) {
      case 0:
        return this.follow(models[place]!);
      case 1:
        return this.sameKeyAtOnce();
      case 2:
        return this.pipelined(models[place]!);
      case 3:
        return this.cutShort(models[place]!);
      case 4:
        if (models.length > 1) await this.breakSome();
        return;
      default:
        return this.ask(models[place]!, requests.next());
    }
  }

  /** In the end all nodes show the same: what the model does. */
  async compare(): Promise<void> {
    await this.mended();
    for (const model of this.models) {
      model.shown = this.log.last;
      for (const target of ['/log?limit=10000', '/messages', '/kv?limit=10000']) {
        await this.ask(model, plain('GET', target));
      }
    }
  }

  private async ready(): Promise<void> {
    // A write that all have acknowledged. It has a key, because a master that opens its epoch may
    // leave open what becomes of it.
    const body = { message: 'ready', w: this.nodes.length };
    const request = plain('POST', '/messages', body);
    request.headers.push(['Idempotency-Key', 'ready']);
    for (let status = 0; status !== 201 && status !== 200; ) {
      ({ status } = await this.exchange(this.models[0]!, request));
    }
    const operations = [{ op: 'append' as const, message: 'ready' }];
    this.log.add(operations, JSON.stringify([false, operations]), 'ready');
    for (const model of this.models) model.shown = 1;
    const document = await this.exchange(this.models[0]!, plain('GET', '/openapi.json'));
    this.described = new Described(parsed(document.body));
  }

  private acknowledged(index: number, acks: readonly string[]): void {
    const { models } = this;
    for (const model of models) {
      if (acks.includes(model.node)) model.shown = Math.max(model.shown, index);
    }
    if (acks.length > models.length / 2) models[0]!.committed = index;
  }

  private connectionTo({ node }: ModelledNode): WireConnection {
    const kept = this.connections.get(node);
    if (kept?.usable === true) return kept;
    const { url } = this.nodes.find((each) => each.node === node)!;
    const connection = new WireConnection(url);
    this.connections.set(node, connection);
    return connection;
  }

  private async exchange(model: ModelledNode, request: WireRequest): Promise<WireAnswer> {
    const connection = this.connectionTo(model);
    connection.write(bytesOf(request));
    return connection.answer(request.method);
  }

  private async ask(model: ModelledNode, request: WireRequest): Promise<void> {
    this.judge(model, request, await this.exchange(model, request));
  }

  private judge(model: ModelledNode, request: WireRequest, answer: WireAnswer): void {
    this.statuses[answer.status] = (this.statuses[answer.status] ?? 0) + 1;
    const complaint =
      wrongIn(expectationOf(request, model), answer, request.method) ??
      this.described.untold(request, answer);
    const sent = bytesOf(request).toString('latin1', 0, 2_000);
    if (complaint !== null) this.wrong.push(`${model.node}: ${complaint}\n${JSON.stringify(sent)}`);
  }

  /** Several requests in one go work, and are answered, in their order. */
  private async pipelined(model: ModelledNode): Promise<void> {
    const several = Array.from({ length: 6 }, () => this.requests.next());
    const connection = this.connectionTo(model);
    connection.write(Buffer.concat(several.map(bytesOf)));
    for (const request of several) {
      this.judge(model, request, await connection.answer(request.method));
    }
  }

  /** A request that ends too early is nobody's. */
  private async cutShort(model: ModelledNode): Promise<void> {
    const connection = this.connectionTo(model);
    const body = { message: 'cut short', w: 1 };
    connection.write(bytesOf(plain('POST', '/messages', body)).subarray(0, -1));
    connection.close();
    await this.ask(model, plain('GET', '/log'));
  }

  /** Requests with one key at the same time: one is written, and the same are told of that. */
  private async sameKeyAtOnce(): Promise<void> {
    const [master] = this.models as readonly [ModelledNode];
    this.keys += 1;
    const idempotencyKey = `at once ${this.keys}`;
    const requests = Array.from({ length: 4 }, () => {
      const request = plain('POST', '/messages', {
        message: this.requests.oneOf(['a', 'b']),
        w: 1,
      });
      request.headers.push(['Idempotency-Key', idempotencyKey]);
      return request;
    });
    const answers = await Promise.all(
      requests.map(async (request) => {
        const connection = new WireConnection(master.master.url);
        connection.write(bytesOf(request));
        const answer = await connection.answer('POST');
        connection.close();
        return { request, answer };
      }),
    );
    // As if they had come one after the other, the one that was written first.
    answers.sort((a, b) => Number(b.answer.status === 201) - Number(a.answer.status === 201));
    for (const { request, answer } of answers) this.judge(master, request, answer);
  }

  /** A stream has every entry once, in order, from where it was asked to begin. */
  private async follow(model: ModelledNode): Promise<void> {
    const last = model.role === 'master' ? this.log.last : model.shown;
    const from = 1 + this.requests.below(last);
    const resumes = this.requests.chance(0.5);
    const request = plain('GET', resumes ? '/log?from=1' : `/log?from=${from}`);
    request.headers.push(['Accept', 'text/event-stream']);
    if (resumes) request.headers.push(['Last-Event-ID', `${from - 1}`]);
    const connection = new WireConnection(this.nodes[this.models.indexOf(model)]!.url);
    connection.write(bytesOf(request));
    await connection.head();
    let text = '';
    const events = (): Json[] => [...text.matchAll(/^id: (\d+)\ndata: ([^\n]*)\n\n/gm)];
    while (events().length <= last - from) text += await connection.chunk();
    connection.close();
    for (const [i, [, id, data]] of events()
      .slice(0, last - from + 1)
      .entries()) {
      const entry = this.log.entries[from - 1 + i]!;
      const complaint = differsFrom(parsed(Buffer.from(data)), entry);
      if (Number(id) !== entry.index || complaint !== null) this.wrong.push(`event ${id}: ${data}`);
    }
  }

  private async breakSome(): Promise<void> {
    const model = this.models[1 + this.requests.below(this.models.length - 1)]!;
    await this.exchange(model, plain('PUT', '/faults', this.requests.oneOf(FAULTS)));
  }

  private async mended(): Promise<void> {
    for (const model of this.models) await this.exchange(model, plain('DELETE', '/faults'));
    const body = { message: 'mended', w: this.models.length };
    await this.ask(this.models[0]!, plain('POST', '/messages', body));
  }
}

function plain(method: string, target: string, fields?: object): WireRequest {
  const headers: [string, string][] = [['Host', 'localhost']];
  if (fields !== undefined) headers.push(['Content-Type', 'application/json']);
  const body = fields === undefined ? null : Buffer.from(JSON.stringify(fields));
  return { method, target, headers, body, chunks: null };
}
