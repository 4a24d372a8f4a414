// A tunnel to one peer, from the moment it is offered: when there is one, and what may use it.
// The rules:
// - Messages change over only when none is under way as a request of its own, so that none
//   overtakes another on its way.
// - It is opened when there is something to send: who has left while its answer was on its way is
//   sent nothing more.

import type { PeerReply } from './peer-exchange.ts';
import { type CopyOf, TunnelCaller } from './tunnel-caller.ts';
import { TUNNELS, type Tunnelled } from './tunnel-frames.ts';

export interface TunnelSettings {
  readonly origin: string;
  readonly carries: Tunnelled;
  /** Those that open a tunnel now. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly connectMs: number;
  readonly answerMs: number;
}

/** A peer whose tunnel could not be opened is not asked again before this. */
const RETRY_MS = 5_000;

export class PeerTunnel {
  private readonly settings: TunnelSettings;
  private caller: TunnelCaller | null = null;
  /** The peer has said so, and it has not been tried since. */
  private offered = false;
  private opening = false;
  private notBefore = Number.NEGATIVE_INFINITY;
  private closed = false;
  /** Something has gone through the tunnel. */
  private used = false;
  /** Messages under way as requests of their own. */
  private requests = 0;

  constructor(settings: TunnelSettings) {
    this.settings = settings;
  }

  /** Sends a message, in parts, through the tunnel; null if it has to be a request of its own. */
  send(copyOf: CopyOf, body: readonly Buffer[]): Promise<PeerReply> | null {
    const { caller } = this;
    if (caller === null || caller.closed) {
      this.caller = null;
      this.open();
      return null;
    }
    if ((!this.used && this.requests > 0) || caller.holds(copyOf)) return null;
    this.used = true;
    return caller.send(copyOf, body);
  }

  /** Counts a message that is a request of its own, until it is settled; an answer may offer a
   * tunnel to those that follow. */
  async watch(request: Promise<PeerReply>): Promise<PeerReply> {
    this.requests += 1;
    try {
      const reply = await request;
      if (reply.tunnel === true && this.caller?.closed !== false) this.offered = true;
      return reply;
    } finally {
      this.requests -= 1;
    }
  }

  close(): void {
    this.closed = true;
    this.caller?.close();
    this.caller = null;
  }

  private open(): void {
    if (this.closed || !this.offered || this.opening) return;
    if (performance.now() < this.notBefore) return;
    this.opening = true;
    this.offered = false;
    const { origin, carries, headers, connectMs, answerMs } = this.settings;
    const limits = { connectMs, answerMs };
    void TunnelCaller.open(origin, TUNNELS[carries], headers(), limits).then((caller) => {
      this.opening = false;
      this.used = false;
      if (caller === null) this.notBefore = performance.now() + RETRY_MS;
      else if (this.closed) caller.close();
      else this.caller = caller;
    });
  }
}
