// The network between nodes, and between clients and nodes, in virtual time. The rule: it is HTTP
// over connections: a lost message looks like silence until the caller's time limit, a process
// that ended closes its connections, a machine without power does not.

import type { Request, Response } from '../../core/messages.ts';
import { ANSWERED_WITHIN_MS } from '../../core/patience.ts';
import type { Chance } from '../chance.ts';
import type { Timeline } from '../timeline.ts';
import type { Trace } from '../trace.ts';
import type { Host } from './host.ts';
import { Weather } from './weather.ts';

/** What a call came to: the answer, or none and the reason in words. */
export interface Caller {
  answered(response: Response): void;
  unanswered(error: string): void;
}

/** A host that takes requests of other nodes. */
export interface Server extends Host {
  receive(request: Request, respond: (response: Response) => void): void;
}

export class Network {
  readonly weather: Weather;
  private readonly timeline: Timeline;
  private readonly servers = new Map<string, Server>();
  private readonly trace: Trace;

  constructor(timeline: Timeline, chance: Chance, trace: Trace, baseMs: number) {
    this.timeline = timeline;
    this.trace = trace;
    this.weather = new Weather(chance, baseMs);
  }

  attach(server: Server): void {
    this.servers.set(server.id, server);
  }

  /** Sends a request; `caller` hears once what it came to, if it is still the same process. */
  call(from: Host, to: string, request: Request, caller: Caller): void {
    let open = true;
    const { life } = from;
    const close = (tell: () => void): void =>
      from.within(life, () => {
        if (!open) return;
        open = false;
        limit.run = null;
        tell();
      });
    const fail = (error: string): void => close(() => caller.unanswered(error));
    const limit = this.timeline.after(ANSWERED_WITHIN_MS[request.type], () =>
      fail('no answer in time'),
    );
    const delays = this.weather.arrivals(from.id, to);
    this.trace.sent(from.id, to, request, delays);
    for (const delay of delays) {
      this.timeline.after(delay, () => {
        this.arrive(from, to, request, {
          answered: (response) => close(() => caller.answered(response)),
          unanswered: fail,
        });
      });
    }
  }

  /** Something travels from a client to a node, or back; `arrive` is called once, or never. */
  carry(from: string, to: string, arrive: () => void): void {
    const [delay] = this.weather.arrivals(from, to);
    if (delay === undefined) return;
    this.timeline.after(delay, () => {
      this.timeline.happened(7);
      arrive();
    });
  }

  private arrive(from: Host, to: string, request: Request, caller: Caller): void {
    this.timeline.happened(11 + request.type.length);
    const server = this.servers.get(to);
    const back = (tell: () => void): void => {
      for (const delay of this.weather.arrivals(to, from.id)) this.timeline.after(delay, tell);
    };
    if (server === undefined || !server.up) {
      if (server?.dark !== true) back(() => caller.unanswered('connection refused'));
      return;
    }
    const disconnect = server.connect(() => back(() => caller.unanswered('connection closed')));
    server.within(server.life, () => {
      server.receive(request, (response) => {
        disconnect();
        const delays = this.weather.arrivals(to, from.id);
        this.trace.answered(from.id, to, response, delays);
        for (const delay of delays) {
          this.timeline.after(delay, () => {
            this.timeline.happened(23 + response.type.length);
            caller.answered(response);
          });
        }
      });
    });
  }
}
