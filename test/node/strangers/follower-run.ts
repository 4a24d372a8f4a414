// A secondary of ours, an arbiter that names it a foreign master, and the model of what it owes
// that master: each answer, and what it shows, is held against it.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { type RunningNode, type ServeNodeOptions, serveNode } from '../../../src/node/serve.ts';
import { LONE_NODE } from '../lone-node.ts';
import { Chance } from './chance.ts';
import { FollowerModel, type Owed, type SnapshotSaid, type Update } from './follower-model.ts';
import { type Heard, type Line, PostLine, TunnelLine } from './lines.ts';

export const SNAPSHOT = '/replica/snapshot';
const HEARTBEAT = '/replica/heartbeat';

export const NODE: ServeNodeOptions = { ...LONE_NODE, w: 'majority' };

export class FollowerRun {
  readonly wrong: string[] = [];
  readonly statuses: Record<string, number> = {};
  readonly chance: Chance;
  model = new FollowerModel();
  private readonly dataDir: string | null;
  protected node!: RunningNode;
  protected arbiter!: Server;
  protected posts!: PostLine;
  protected tunnels: { Snapshot?: TunnelLine; Heartbeat?: TunnelLine } = {};
  protected ended: unknown = null;
  protected url = '';
  protected readonly self = { node: 'm1', url: 'http://127.0.0.1:1' };
  /** Earlier Snapshots of the present session. */
  protected sent: SnapshotSaid[] = [];
  /** What may have been taken in, while it is not known. */
  protected mayHave = { seq: 0, index: 0 };
  readonly said: string[] = [];

  constructor(seed: number, dataDir: string | null) {
    this.chance = new Chance(seed);
    this.dataDir = dataDir;
  }

  async start(): Promise<void> {
    this.arbiter = createServer((request, response) => {
      request.resume();
      response.end(
        JSON.stringify({ result: 'JoinedSecondary', epoch: this.model.epoch, master: this.self }),
      );
    });
    await new Promise<void>((resolve) => this.arbiter.listen(0, '127.0.0.1', resolve));
    await this.startNode();
  }

  private async startNode(): Promise<void> {
    const { port } = this.arbiter.address() as AddressInfo;
    const join = `http://127.0.0.1:${port}`;
    const { dataDir } = this;
    this.node = await serveNode({ ...NODE, id: 'n2', role: 'secondary', join: [join], dataDir });
    this.node.stopped.catch((error) => {
      this.ended = error;
    });
    this.url = this.node.url;
    this.posts = new PostLine(this.url);
    while ((await this.posts.get('/health')).body.role !== 'secondary') {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  private async stopNode(): Promise<void> {
    this.posts.close();
    for (const line of Object.values(this.tunnels)) line.close();
    this.tunnels = {};
    await this.node.stop();
  }

  async stop(): Promise<void> {
    await this.stopNode();
    this.arbiter.closeAllConnections();
    await new Promise((resolve) => this.arbiter.close(resolve));
  }

  protected complain(what: string): void {
    this.wrong.push(`${what}\nafter ${this.said.slice(-3).join('\n      ')}`);
  }

  protected async line(kind: 'Snapshot' | 'Heartbeat'): Promise<Line> {
    if (this.chance.of(0.5)) return this.posts;
    const known = this.tunnels[kind];
    if (known?.usable === true) return known;
    const { chance } = this;
    const cuts = () => (chance.of(0.7) ? 1 << 30 : 1 + chance.below(40));
    const first = chance.of(0.3) ? 2 ** 32 - 3 : 0;
    const opened = await TunnelLine.open(this.url, kind, first, cuts);
    this.tunnels[kind] = opened;
    return opened;
  }

  protected async say(kind: 'Snapshot' | 'Heartbeat', body: string): Promise<Heard> {
    const line = await this.line(kind);
    const how = line === this.posts ? 'POST' : 'tunnel';
    this.said.push(`${how} ${kind} ${body.slice(0, 600)}`);
    const heard = await line.ask(kind === 'Snapshot' ? SNAPSHOT : HEARTBEAT, body);
    this.said.push(`   -> ${heard.status} ${JSON.stringify(heard.body).slice(0, 300)}`);
    const code = heard.status === 200 ? '' : ` ${heard.body.code}`;
    const key = `${kind} ${heard.status}${code}`;
    this.statuses[key] = (this.statuses[key] ?? 0) + 1;
    if (heard.status >= 500) this.complain(`a ${heard.status}`);
    return heard;
  }

  protected differs(owed: Owed, { status, body }: Heard): boolean {
    if (owed.status === 200) return status !== 200;
    if (owed.status === 'either') {
      return status !== 200 && !(status === 409 && owed.codes.includes(body.code as string));
    }
    if (status !== 409) return true;
    if (owed.code !== 'any' && body.code !== owed.code) return true;
    return Object.entries(owed.extra ?? {}).some(([name, value]) => body[name] !== value);
  }

  /** Says a Snapshot and judges the answer. */
  protected async snapshot(said: SnapshotSaid, extra: object = {}): Promise<void> {
    const owed = this.model.snapshot(said);
    const heard = await this.say('Snapshot', JSON.stringify({ ...said, ...extra }));
    this.judge(said, owed, heard);
  }

  protected judge(said: SnapshotSaid, owed: Owed, heard: Heard): void {
    if (this.differs(owed, heard)) {
      this.complain(`owed ${JSON.stringify(owed)}, got ${heard.status} ${heard.body.code}`);
      return;
    }
    if (heard.status !== 200) return;
    this.model.take(said);
    this.acknowledged(said, heard);
  }

  private acknowledged(said: SnapshotSaid, { body }: Heard): void {
    const { model } = this;
    const { expected } = model.session!;
    const last = said.seq + said.updates.length - 1;
    const right =
      body.result === 'SnapshotAck' &&
      body.session === said.session &&
      (body.seq as number) >= last &&
      (body.seq as number) < Math.max(expected, this.mayHave.seq) &&
      (body.lastIndex as number) <= Math.max(model.log.length, this.mayHave.index);
    if (!right) this.complain(`acknowledged ${JSON.stringify(body)}, expected < ${expected}`);
  }

  protected async restart(): Promise<void> {
    const { model } = this;
    await this.stopNode();
    this.said.push('restart');
    if (this.dataDir === null) {
      const { epoch } = model;
      this.model = new FollowerModel();
      // What its arbiter tells it.
      this.model.epoch = epoch;
    } else {
      model.session = null;
      model.agreed = 0;
      model.claimed = 0;
    }
    this.sent = [];
    await this.startNode();
    await this.look();
  }

  /** What the node shows is what the model has. */
  async look(): Promise<void> {
    const { model } = this;
    const shown: Update[] = [];
    let next: number | null = 1;
    let page: Heard['body'] = {};
    while (next !== null) {
      page = (await this.posts.get(`/log?from=${next}&limit=10000`)).body;
      shown.push(...(page.entries as Update[]));
      next = page.next as number | null;
    }
    const owed = model.log.map(({ idempotencyKey: _, ...rest }) => plain(rest));
    if (!isDeepStrictEqual(shown.map(plain), owed)) {
      this.complain(`shows ${JSON.stringify(shown)}, not ${JSON.stringify(owed)}`);
    }
    const { lastIndex, commitIndex } = page;
    if (lastIndex !== model.log.length) this.complain(`lastIndex ${lastIndex}`);
    if ((commitIndex as number) > Math.min(model.claimed, model.log.length)) {
      this.complain(`commitIndex ${commitIndex}, claimed ${model.claimed}`);
    }
    await this.lookAtViews();
    if (this.ended !== null) this.complain(`the node has ended: ${this.ended}`);
  }

  /** The messages, the keys and the state. */
  private async lookAtViews(): Promise<void> {
    const { model } = this;
    const { messages } = (await this.posts.get('/messages')).body;
    const appended = model.log.filter(({ op }) => op === 'append').map(({ message }) => message);
    if (!isDeepStrictEqual(messages, appended)) this.complain('messages differ');
    const values = new Map<string, string>();
    for (const { op, key, value } of model.log) {
      if (op === 'put') values.set(key!, value!);
      if (op === 'remove') values.delete(key!);
    }
    const { items } = (await this.posts.get('/kv?limit=1000')).body as {
      items: { key: string; value: string }[];
    };
    const kv = new Map(items.map(({ key, value }) => [key, value]));
    if (items.length !== kv.size || !isDeepStrictEqual(kv, values)) this.complain('keys differ');
    const { body: health } = await this.posts.get('/health');
    if (health.role !== 'secondary' || health.epoch !== model.epoch) {
      this.complain(`health ${JSON.stringify(health)}, epoch ${model.epoch}`);
    }
  }
}

/** As JSON has it. */
export const plain = (update: Update): Update => JSON.parse(JSON.stringify(update));
