// An arbiter of its own in virtual time: the real machine, its memory in the real bookkeeping file.

import type { ArbiterNode } from '../../core/arbiter/arbiter-node.ts';
import type { Effect } from '../../core/effects.ts';
import { type NodeId, type Ticket, ticket as ticketOf } from '../../core/ids.ts';
import type { Request, Response } from '../../core/messages.ts';
import type { Bookkeeper } from '../../persistence/bookkeeping/bookkeeper.ts';
import type { Persistence } from '../../persistence/persistence.ts';
import type { Timeline } from '../timeline.ts';
import type { MemoryWatch } from '../watch/memory-watch.ts';
import { Host } from './host.ts';
import type { Network, Server } from './network.ts';

/** What the cluster hears of its arbiter. */
export interface ArbiterNews {
  readonly onBroken: (error: unknown) => void;
  /** It has given the office of a master that has not left to another node. */
  readonly onFailover: () => void;
}

export class ArbiterHost extends Host implements Server {
  private arbiter: ArbiterNode | null = null;
  private bookkeeper: Bookkeeper | null = null;
  private readonly network: Network;
  private readonly onBroken: (error: unknown) => void;
  private readonly peers = new Map<Ticket, (response: Response) => void>();
  private readonly watch: MemoryWatch;
  private readonly onFailover: () => void;
  private lastTicket = 0;
  private master: NodeId | null = null;

  constructor(
    timeline: Timeline,
    network: Network,
    watch: MemoryWatch,
    { onBroken, onFailover }: ArbiterNews,
  ) {
    super('arbiter', timeline);
    this.watch = watch;
    this.network = network;
    this.onBroken = onBroken;
    this.onFailover = onFailover;
  }

  serve(arbiter: ArbiterNode, persistence: Persistence): void {
    this.arbiter = arbiter;
    this.bookkeeper = this.bookkeeperOf(persistence, this.watch);
    this.run(arbiter);
  }

  override end(silently: boolean): void {
    this.arbiter = null;
    this.bookkeeper = null;
    this.peers.clear();
    super.end(silently);
  }

  /** The operator adds or removes nodes: the configured size changes with them. */
  resize(size: number): void {
    if (this.arbiter === null) return;
    for (const effect of this.arbiter.resize(size, this.now())) this.perform(effect);
    this.post({ type: 'Wake' });
  }

  receive(request: Request, respond: (response: Response) => void): void {
    this.lastTicket += 1;
    const ticket = ticketOf(this.lastTicket);
    this.peers.set(ticket, respond);
    this.post({ type: 'Received', ticket, request });
  }

  protected broken(error: unknown): void {
    this.onBroken(error);
  }

  protected perform(effect: Effect): void {
    switch (effect.type) {
      case 'Send':
        this.send(effect);
        return;
      case 'Respond':
        this.watch.answers(this.id, effect.response);
        this.look();
        if (effect.response.type !== 'FetchedOrder') {
          this.peers.get(effect.ticket)?.(effect.response);
        }
        this.peers.delete(effect.ticket);
        return;
      case 'Remember':
        this.watch.remembering(this.id, effect.memory);
        this.bookkeeper!.remember(effect.id, effect.memory);
        return;
      case 'Append':
      case 'Truncate':
      case 'Persist':
      case 'Reply':
      case 'Note':
        return;
      default:
        effect satisfies never;
    }
  }

  private look(): void {
    const { master, members } = this.arbiter!;
    const { master: former } = this;
    if (master === null || master.node === former) return;
    this.master = master.node;
    if (members.some(({ node }) => node === former)) this.onFailover();
  }

  private send({ call, to, request }: Extract<Effect, { type: 'Send' }>): void {
    this.network.call(this, to, request as Request, {
      answered: (response) => this.post({ type: 'Answered', call, response }),
      unanswered: (error) => this.post({ type: 'Unanswered', call, error }),
    });
  }
}
