// A server as a process of its own: it says where it listens, and ends in order when it is told to,
// by a signal or by the launcher that started it. Without its launcher it ends at once.

import { onHangup } from './hangup.ts';
import { boundHeap } from './heap.ts';
import { onNpmGone } from './npm-parent.ts';

/** A node or an arbiter that serves in this process. */
export interface Service {
  readonly url: string;
  /** null: it is no node. */
  readonly node: string | null;
  role(): string | null;
  /** Leaves the cluster for good, but goes on serving what it has. */
  retire?(): Promise<void>;
  /** Answers who waits, then lets go of ports and folders. */
  stop(): Promise<void>;
  /** Rejects if the service cannot go on. */
  readonly stopped?: Promise<void>;
}

/** The first line of its output. */
export interface Listening {
  readonly event: 'listening';
  readonly node: string | null;
  readonly role: string | null;
  readonly url: string;
  readonly pid: number;
}

/** How the service is run. */
export interface ServiceOptions {
  readonly start: () => Promise<Service>;
  /** Called once, when the port accepts requests. */
  readonly onListening: (listening: Listening) => void;
  /** Leave the cluster before ending. */
  readonly leave: boolean;
  /** Called when Ctrl-C ends the service; not where that is left to its launcher. */
  readonly onInterrupt?: () => void;
  /** Called on SIGHUP while the terminal is there, or where there never was one. Absent: SIGHUP
   * ends the service. */
  readonly onReread?: (() => void) | undefined;
  /** Called with the tokens that the launcher says count now. */
  readonly onTokens?: (tokens: readonly string[]) => void;
}

/** The contract gives 5 s from request to end; what is not done then is not waited for. */
const END_MS = 4_500;

/** A service that cannot go on gets this long to let go of its port. */
const BROKEN_MS = 1_000;

/** Resolves when the service has ended in order; rejects if it could not start or go on. */
export async function runService(options: ServiceOptions): Promise<void> {
  boundHeap();
  const orders = takeOrders(options);
  try {
    const service = await options.start();
    const { node, url } = service;
    const listening = {
      event: 'listening',
      node,
      role: service.role(),
      url,
      pid: process.pid,
    } as const;
    options.onListening(listening);
    tellParent({ ...listening, type: 'listening' });
    const retired = orders.retire.then(async () => {
      await service.retire?.();
      tellParent({ type: 'retired' });
    });
    const over = Promise.race([orders.next, broken(service)]);
    const order = await Promise.race([over, retired.then(() => over)]);
    try {
      if (order === 'leave') await service.retire?.();
    } finally {
      await service.stop();
    }
  } finally {
    orders.close();
  }
}

type Order = 'stop' | 'leave';

interface Orders {
  /** The process is to end; with `leave`, it gives up its membership first. */
  readonly next: Promise<Order>;
  /** The node is to give up its membership, and to go on serving. */
  readonly retire: Promise<void>;
  close(): void;
}

/** Listens to signals and to the parent. After the first order the process ends in time, whatever
 * still keeps it. */
function takeOrders({ leave, onInterrupt, onReread, onTokens }: ServiceOptions): Orders {
  const hosted = process.send !== undefined;
  let give: (order: Order) => void = () => undefined;
  const next = new Promise<Order>((resolve) => {
    give = resolve;
  });
  let giveUp: () => void = () => undefined;
  const retire = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const obey = (order: Order) => {
    setTimeout(() => process.exit(0), END_MS).unref();
    give(order);
  };
  const onSignal = () => obey(leave ? 'leave' : 'stop');
  const onCtrlC = () => {
    onInterrupt?.();
    onSignal();
  };
  const onMessage = (message: unknown) => {
    const { type, tokens } = (message ?? {}) as { type?: unknown; tokens?: readonly string[] };
    if (type === 'stop') obey(type);
    else if (type === 'retire') giveUp();
    else if (type === 'tokens') onTokens?.(tokens ?? []);
  };
  // Ctrl-C reaches every process of a terminal: a child waits for its launcher's word.
  const ignore = () => undefined;
  // The channel is the life line. Nobody is left to wait for an orderly end.
  const onDisconnect = () => process.exit(0);

  if (hosted && !process.connected) onDisconnect();
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', hosted ? ignore : onCtrlC);
  process.on('SIGHUP', hosted ? ignore : onHangup(onReread, onSignal));
  if (hosted) process.on('message', onMessage).on('disconnect', onDisconnect);
  const unwatch = hosted ? ignore : onNpmGone(onSignal);
  return {
    next,
    retire,
    close: () => {
      unwatch();
      if (!hosted) return;
      process.off('message', onMessage).off('disconnect', onDisconnect);
      if (process.connected) process.disconnect();
    },
  };
}

function tellParent(message: object): void {
  // A parent that is gone shows as a broken channel, which ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** Rejects when the service cannot go on. What is left of it is given a moment, no more. */
async function broken(service: Service): Promise<never> {
  try {
    await service.stopped;
  } catch (error) {
    setTimeout(() => process.exit(1), BROKEN_MS).unref();
    // It is broken already: that it cannot stop in order either adds nothing to `error`.
    service.stop().catch(() => undefined);
    throw error;
  }
  // One that merely stopped was told to.
  return new Promise<never>(() => undefined);
}
