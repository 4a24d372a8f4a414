// Looks whether a machine is still there from which something is awaited. The rule: whoever stands
// still, or waits for others, is there, as its machine takes another connection; only a machine
// that takes none is gone. One that loses its power or its cable ends no connection.

import type { ClientRequest } from 'node:http';
import { connect } from 'node:net';
import { codesOf, WireFailure } from './wire.ts';

/** Gap between two looks: what is silent at two of them in a row has its machine looked at. */
const LOOK_MS = 5_000;

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
  /** Bytes that had come by the last look; null: there was none yet. */
  read: number | null;
}

/** Invariant: there is a timer only while something is awaited. */
export class Lookout {
  readonly #reach: Reach;
  readonly #awaited = new Set<Awaited>();
  /** Origins that are being looked at. */
  readonly #underWay = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(reach: Reach = isReached) {
    this.#reach = reach;
  }

  /** Until its answer is complete, or it has failed: with WireFailure, `sent`, if its machine is
   * gone. */
  watch(asked: ClientRequest, url: string): void {
    const awaited = { asked, url, read: null };
    this.#awaited.add(awaited);
    asked.on('close', () => this.#forget(awaited));
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  #forget(awaited: Awaited): void {
    this.#awaited.delete(awaited);
    if (this.#awaited.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const silent = new Map<string, Awaited[]>();
    for (const awaited of this.#awaited) {
      const read = bytesOf(awaited);
      if (read === awaited.read) {
        const { origin } = new URL(awaited.url);
        const others = silent.get(origin);
        if (others === undefined) silent.set(origin, [awaited]);
        else others.push(awaited);
      }
      awaited.read = read;
    }
    for (const [origin, some] of silent) void this.#lookAt(origin, some);
  }

  /** Ends what is awaited from there, if it is silent still. */
  async #lookAt(origin: string, silent: readonly Awaited[]): Promise<void> {
    if (this.#underWay.has(origin)) return;
    this.#underWay.add(origin);
    const there = await this.#reach(origin);
    this.#underWay.delete(origin);
    if (there) return;
    const gone = new WireFailure(new Error('its machine does not answer any more'), true);
    for (const awaited of silent) {
      if (bytesOf(awaited) === awaited.read) awaited.asked.destroy(gone);
    }
  }
}

function bytesOf({ asked }: Awaited): number {
  return asked.socket?.bytesRead ?? 0;
}

/** Whether the machine at this origin takes a connection, or says no to it. `open`: for tests. */
export function isReached(origin: string, open: typeof connect = connect): Promise<boolean> {
  const { hostname, port, protocol } = new URL(origin);
  const usual = protocol === 'https:' ? 443 : 80;
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = open({ host, port: port === '' ? usual : Number(port) });
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
