// Looks whether a machine is still there from which something is awaited. The rule: whoever stands
// still, or waits for others, is there, as its machine takes another connection; only a machine
// that takes none is gone. One that loses its power or its cable ends no connection.

import type { ClientRequest } from 'node:http';
import { connect } from 'node:net';
import { codesOf, WireFailure } from './wire.ts';

/** How long nothing must have come before anybody looks, and the gap between two looks. */
const LOOK_MS = 10_000;

/** Where nothing says no to a connection, either, nobody is there. As long as fetch waits. */
export const CONNECT_MS = 10_000;

/** What the way to a machine says of it where that is not there. Who refuses a connection is. */
const GONE: ReadonlySet<string> = new Set([
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

/** Resolves with whether the machine is there. `origin`: scheme, host and port. */
export type Reach = (origin: string) => Promise<boolean>;

interface Awaited {
  readonly asked: ClientRequest;
  readonly url: string;
  /** Bytes that had come by the last look. */
  read: number;
  /** Nothing has come since, in milliseconds of a monotonic clock. */
  since: number;
}

/** Invariant: there is a timer only while something is awaited. */
export class Lookout {
  readonly #reach: Reach;
  readonly #awaited = new Set<Awaited>();
  /** Origins that are being looked at. */
  readonly #underWay = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(reach: Reach = isReached) {
    this.#reach = reach;
  }

  /** Until its answer is complete, or it has failed: with WireFailure, `sent`, if its machine is
   * gone. */
  watch(asked: ClientRequest, url: string): void {
    const awaited = { asked, url, read: 0, since: performance.now() };
    this.#awaited.add(awaited);
    asked.on('close', () => this.#forget(awaited));
    // A request keeps its process alive, not the look at it.
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  #forget(awaited: Awaited): void {
    this.#awaited.delete(awaited);
    if (this.#awaited.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const now = performance.now();
    for (const awaited of this.#awaited) {
      const read = awaited.asked.socket?.bytesRead ?? 0;
      if (read !== awaited.read) {
        awaited.read = read;
        awaited.since = now;
      } else if (now - awaited.since >= LOOK_MS) {
        void this.#lookAt(new URL(awaited.url).origin, now);
      }
    }
  }

  /** Ends what is awaited from there, and was silent already when this look began. */
  async #lookAt(origin: string, now: number): Promise<void> {
    if (this.#underWay.has(origin)) return;
    this.#underWay.add(origin);
    const there = await this.#reach(origin);
    this.#underWay.delete(origin);
    if (there) return;
    const gone = new WireFailure(new Error('its machine does not answer any more'), true);
    for (const { asked, read, since, url } of [...this.#awaited]) {
      const silent = now - since >= LOOK_MS && (asked.socket?.bytesRead ?? 0) === read;
      if (silent && new URL(url).origin === origin) asked.destroy(gone);
    }
  }
}

/** Whether the machine at this origin takes a connection, or says no to it. */
export function isReached(origin: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(origin);
  const usual = protocol === 'https:' ? 443 : 80;
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: port === '' ? usual : Number(port) });
  return new Promise((resolve) => {
    const end = (there: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(there);
    };
    const timer = setTimeout(() => end(false), CONNECT_MS);
    socket.once('connect', () => end(true));
    socket.once('error', (error) => end(!codesOf(error).some((code) => GONE.has(code))));
  });
}
