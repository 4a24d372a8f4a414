// Carries requests and answers between the hosts of a virtual cluster, as its weather allows.

import type { Effect, Event } from '../../src/core/effects.ts';
import { type Ticket, ticket as ticketOf } from '../../src/core/ids.ts';
import {
  ASIDE,
  type Request,
  type RequestOrder,
  type Response,
  type ResponseOrder,
} from '../../src/core/messages.ts';
import type { Options } from '../../src/core/options.ts';
import { drawMessage } from '../../src/sim/drawing.ts';
import type { VirtualHost } from './virtual-host.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What becomes of a message: it takes so many milliseconds, arrives several times, or never. */
export type Fate = 'lost' | number | readonly number[];

/** Decides what happens to a message of type `what`. */
export type Weather = (from: string, to: string, what: string) => Fate;

/** Nothing reaches these nodes, and nothing comes from them. */
export function without(...ids: string[]): Weather {
  return (from, to) => (ids.includes(from) || ids.includes(to) ? 'lost' : 1);
}

/** A request without an answer is given up by its sender's host after this long. */
const CALL_TIMEOUT_MS = 5_000;

/** Tickets of nodes begin here, so that those of clients are small numbers in the drawing. */
const FIRST_TICKET = 1_000_000;

function arrivals(fate: Fate): readonly number[] {
  if (fate === 'lost') return [];
  return typeof fate === 'number' ? [fate] : fate;
}

export class VirtualNetwork {
  weather: Weather = () => 1;
  draws = true;
  drawsHeartbeats = false;
  private lastTicket = FIRST_TICKET;
  private readonly responders = new Map<Ticket, (response: Response) => void>();
  private readonly time: VirtualTime;
  private readonly options: Options;
  private readonly hosts: ReadonlyMap<string, VirtualHost>;
  private readonly draw: (line: string) => void;

  constructor(
    time: VirtualTime,
    options: Options,
    hosts: ReadonlyMap<string, VirtualHost>,
    draw: (line: string) => void,
  ) {
    this.time = time;
    this.options = options;
    this.hosts = hosts;
    this.draw = draw;
  }

  send(from: VirtualHost, { call, to, request }: Extract<Effect, { type: 'Send' }>): void {
    const filled = this.fill(from, request);
    const { life } = from;
    let answered = false;
    const answer = (event: Event): void => {
      if (answered || from.life !== life) return;
      answered = true;
      from.give(event);
    };
    const unanswered = (error: string): void => answer({ type: 'Unanswered', call, error });
    if (to === ASIDE) {
      const { lastIndex } = from.log;
      const prev = { index: lastIndex, hash: from.log.hash };
      const response = { type: 'Fetched' as const, updates: from.leftBehind(), lastIndex, prev };
      this.time.plan(this.time.now + 1, () => answer({ type: 'Answered', call, response }));
      return;
    }
    const delays = arrivals(this.weather(from.id, to, filled.type));
    this.drawSent(`${from.id} → ${to}`, filled, delays);
    for (const delay of delays) {
      this.time.plan(this.time.now + delay, () => {
        const target = this.hosts.get(to);
        if (target === undefined || target.machine === null) {
          unanswered('connection refused');
          return;
        }
        const broken = (): void => unanswered('connection closed');
        target.open.add(broken);
        this.receive(target, filled, (response) => {
          target.open.delete(broken);
          this.answer(target, from, response, () => answer({ type: 'Answered', call, response }));
        });
      });
    }
    this.time.plan(this.time.now + CALL_TIMEOUT_MS, () => unanswered('no answer in time'));
  }

  receive(to: VirtualHost, request: Request, responder: (response: Response) => void): void {
    to.give({ type: 'Received', ticket: this.ticket(responder), request });
  }

  /** A ticket whose answer goes to `responder`. */
  ticket(responder: (response: Response) => void): Ticket {
    this.lastTicket += 1;
    const ticket = ticketOf(this.lastTicket);
    this.responders.set(ticket, responder);
    return ticket;
  }

  respond(host: VirtualHost, ticket: Ticket, order: ResponseOrder): void {
    const responder = this.responders.get(ticket);
    this.responders.delete(ticket);
    if (order.type !== 'FetchedOrder') {
      responder?.(order);
      return;
    }
    const { from, lastIndex } = order;
    const { to } = host.log.measure(from, this.options.snapshotEntriesMax);
    const chunk = host.log.chunk(from, Math.min(to, lastIndex));
    responder?.({ type: 'Fetched', ...chunk, lastIndex });
  }

  private answer(by: VirtualHost, to: VirtualHost, response: Response, arrive: () => void): void {
    const delays = arrivals(this.weather(by.id, to.id, response.type));
    this.drawSent(`${to.id} ← ${by.id}`, response, delays);
    for (const delay of delays) this.time.plan(this.time.now + delay, arrive);
  }

  private drawSent(way: string, message: Request | Response, delays: readonly number[]): void {
    if (!this.draws) return;
    if (message.type.startsWith('Heartbeat') && !this.drawsHeartbeats) return;
    const usual = delays.length === 1 && delays[0] === 1;
    const fate = delays.length === 0 ? '  (lost)' : `  (arrives after ${delays.join(' and ')} ms)`;
    this.draw(`${way}  ${drawMessage(message)}${usual ? '' : fate}`);
  }

  private fill(from: VirtualHost, order: RequestOrder): Request {
    // Those whom it reads are foreign, and know what to make of it.
    if (order.type === 'ReadLog') return order as never;
    if (order.type !== 'Snapshot') return order;
    const { from: first, to, ...rest } = order;
    return { ...rest, ...from.log.chunk(first, to) };
  }
}
