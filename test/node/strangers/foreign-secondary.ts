// A foreign secondary that answers its master as a seed tells it: late, wrong, twice, never. It
// notes what it was sent and what it has acknowledged, so that others can be held against that.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Chance } from './chance.ts';
import { FollowerModel, type Update } from './follower-model.ts';
import type { HeldUp } from './held-up.ts';
import {
  acknowledged,
  lieAboutHeartbeat,
  lieAboutSnapshot,
  ok,
  refused,
  type Said,
} from './secondary-lies.ts';
import { SessionsSeen, type SnapshotHeard } from './sessions-seen.ts';
import { strangeTunnel } from './tunnel-manners.ts';

/** An answer that goes out; or the connection is cut before it, or within. */
export type Delivery = Said & { readonly cut?: 'before' | 'within' };

/** What was on its way to a member that left arrives within this. */
const ON_ITS_WAY_MS = 300;

export class ForeignSecondary {
  readonly node: string;
  readonly seen = new SessionsSeen();
  /** Nothing but what a secondary owes, at once. */
  honest = true;
  lies = 0;
  tunnels = 0;
  url = '';
  incarnation = 'life-1';
  private lives = 1;
  private model = new FollowerModel();
  private readonly chance: Chance;
  private readonly heldUp: HeldUp;
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly offers: boolean;
  /** How long ago it left, while it is no member. */
  private leftForMs: (() => number) | null = null;

  constructor(node: string, chance: Chance, heldUp: HeldUp) {
    this.node = node;
    this.chance = chance;
    this.heldUp = heldUp;
    this.offers = chance.of(0.6);
    this.server = createServer((request, response) => this.take(request, response));
    this.server.on('connection', (socket) => this.keep(socket));
    this.server.on('connect', (request, socket: Duplex) => this.tunnel(request, socket));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The process ends, and another begins with nothing. */
  die(): void {
    this.lives += 1;
    this.incarnation = `life-${this.lives}`;
    this.model = new FollowerModel();
    for (const socket of this.sockets) socket.destroy();
  }

  /** The arbiter has taken its Leave: nothing may come any more. */
  left(): void {
    this.leftForMs = this.heldUp.stopwatch();
  }

  joins(): void {
    this.leftForMs = null;
  }

  get member(): boolean {
    return this.leftForMs === null;
  }

  get log(): readonly Update[] {
    return this.model.log;
  }

  get wrong(): readonly string[] {
    return this.seen.wrong;
  }

  private keep(socket: Duplex): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      this.came(`${request.method} ${request.url} ${body.slice(0, 150)}`);
      if (request.method === 'GET') {
        response.writeHead(this.chance.one([404, 500, 200]));
        response.end(this.chance.one(['', '{}', '{"entries":[],"lastIndex":0,"next":null}']));
        return;
      }
      const kind = request.url!.endsWith('snapshot') ? 'Snapshot' : 'Heartbeat';
      this.answer(kind, body, (delivery) => this.deliver(request.socket, response, delivery));
    });
  }

  private deliver(socket: Duplex, response: ServerResponse, { status, text, cut }: Delivery): void {
    if (cut === 'before') {
      socket.destroy();
      return;
    }
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...(status === 307 ? { location: `${this.url}/elsewhere` } : {}),
      ...(this.offers ? { 'replog-tunnel': '1' } : {}),
    });
    if (cut === 'within') response.write(text.slice(0, 5), () => socket.destroy());
    else response.end(text);
  }

  private tunnel(request: IncomingMessage, socket: Duplex): void {
    this.came(`CONNECT ${request.url}`);
    this.tunnels += 1;
    this.keep(socket);
    const kind = request.url!.startsWith('replog-snapshots') ? 'Snapshot' : 'Heartbeat';
    strangeTunnel(socket, this.chance, (body, deliver) => {
      this.came(`frame ${body.slice(0, 150)}`);
      this.answer(kind, body, deliver);
    });
  }

  private came(what: string): void {
    const ms = this.leftForMs?.() ?? 0;
    if (ms > ON_ITS_WAY_MS) this.seen.wrong.push(`sent ${ms.toFixed()} ms after it left: ${what}`);
  }

  /** Calls `deliver` when the answer is to go, if it ever is. */
  private answer(
    kind: 'Snapshot' | 'Heartbeat',
    body: string,
    deliver: (delivery: Delivery) => void,
  ): void {
    const message = JSON.parse(body);
    const answer = kind === 'Snapshot' ? this.snapshot(message) : this.heartbeat(message);
    const { chance } = this;
    const isCut = !this.honest && chance.of(0.15);
    const cut = isCut ? chance.one(['before', 'within', 'never'] as const) : null;
    const isLate = !this.honest && chance.of(0.4);
    const lateMs = isLate ? chance.one([1, 10, 30, 30, 60, 150, 700]) : 0;
    if (cut === 'never') return;
    const go = (): void => {
      const said = answer();
      if (cut === null && said.claim !== undefined) this.seen.claim(said.claim);
      deliver(cut === null ? said : { ...said, cut });
    };
    if (isLate) this.later(lateMs, go);
    else go();
  }

  private later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }

  /** Takes it at once; what is told later is what there is to tell, or to lie about, by then. */
  private snapshot(message: SnapshotHeard): () => Said {
    this.seen.take(message);
    const right = this.honestly(message);
    if (this.honest || this.chance.of(0.5)) return () => right;
    this.lies += 1;
    return () => lieAboutSnapshot(message, this.seen.lastSeq(message.session), this.chance);
  }

  /** What a secondary owes; and it has taken it. */
  private honestly(message: SnapshotHeard): Said {
    const { model } = this;
    const owed = model.snapshot(message);
    if (owed.status === 409) {
      if (owed.code !== 'any') return refused(409, owed.code, owed.extra);
      this.seen.wrong.push(`contradicts itself: ${JSON.stringify(message)}`);
      return refused(409, 'diverged');
    }
    model.take(message);
    return acknowledged(message.session, model.session!.expected - 1, model.log.length);
  }

  private heartbeat(message: { epoch: number; commitIndex: number }): () => Said {
    const { node, incarnation, model } = this;
    const owed = model.heartbeat(message);
    if (owed.status === 409) return () => refused(409, owed.code, owed.extra);
    const right = { node, incarnation, epoch: message.epoch, lastIndex: model.log.length };
    if (this.honest || this.chance.of(0.5)) return () => ok(right);
    this.lies += 1;
    return () => lieAboutHeartbeat(right, this.chance);
  }
}
