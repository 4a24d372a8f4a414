// Notices that a client went away before it had its answer. On a real server this listens to the
// response itself: the AbortSignal of the web Request costs more to make than the rest of an
// append.

import type { ServerResponse } from 'node:http';
import type { Call } from './call.ts';

/** The part of an AbortSignal that is needed: an AbortSignal is one. */
export interface Departure {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
}

class ResponseDeparture implements Departure {
  private readonly outgoing: ServerResponse;

  constructor(outgoing: ServerResponse) {
    this.outgoing = outgoing;
  }

  get aborted(): boolean {
    const { destroyed, writableFinished, req } = this.outgoing;
    return (destroyed || req.socket.destroyed) && !writableFinished;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    const { outgoing } = this;
    const leave = (): void => {
      if (!outgoing.writableFinished) listener();
    };
    if (outgoing.socket !== null) {
      outgoing.once('close', leave);
      return;
    }
    // It waits behind another answer of the same connection: when that ends, Node 24 tells it, and
    // earlier ones do not.
    const { socket } = outgoing.req;
    let gone = false;
    const leaveOnce = (): void => {
      if (!gone) leave();
      gone = true;
    };
    outgoing.once('close', leaveOnce);
    socket.setMaxListeners(0);
    socket.once('close', leaveOnce);
    outgoing.once('finish', () => socket.off('close', leaveOnce));
  }
}

/** One departure for many writes of the same request: the response hears one listener of theirs. */
export class SharedDeparture implements Departure {
  private readonly of: Departure;
  private readonly listeners: (() => void)[] = [];

  constructor(of: Departure) {
    this.of = of;
    of.addEventListener('abort', () => {
      for (const listener of this.listeners) listener();
    });
  }

  get aborted(): boolean {
    return this.of.aborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.push(listener);
  }
}

/** Aborts when the client of this request leaves; not when it has got its answer. */
export function departureOf(call: Call): Departure {
  const outgoing = call.env?.outgoing;
  return outgoing === undefined ? call.req.raw.signal : new ResponseDeparture(outgoing);
}
