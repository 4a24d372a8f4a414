// The receiver's end of a tunnel (see tunnel-caller.ts): a CONNECT turns a connection into one that
// carries frames. What a frame asks for goes the way of the POST with the same body, through the
// same faults, to the same answer.
//
// A tunnel is offered only to a sender that reaches this node directly: where something stands
// between, whoever put it there sees every request as the documents describe it.

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Answer } from '../http/answer.ts';
import { PEER_LIMIT } from '../http/body.ts';
import { credentialsOf } from '../http/credentials.ts';
import type { Guard } from '../http/guard.ts';
import { problem } from '../http/problems.ts';
import { endWith } from '../http/raw-answer.ts';
import { answerFrame, FrameReader } from './tunnel-frames.ts';

/** Answers the request in a frame; null: nobody must ever answer it. */
export type FrameHandler = (body: Buffer) => Promise<Answer | null>;

/** So many requests of one tunnel may wait for their answers before no more of it is read: several
 * times what a master has under way (`inFlightMax`). Who sends on and on takes no more memory. */
const OPEN_MAX: number = 1_000;

/** What their bodies may come to until then: a few of the longest. */
const OPEN_BYTES_MAX: number = 64 << 20;

/** What a destination stands for. */
export interface Passage {
  readonly handle: FrameHandler;
  /** Makes an answer of what `handle` throws; null: none is to be given. */
  readonly failed: (error: unknown) => Answer | null;
}

/** Takes a CONNECT: Node's 'connect' event of a server. */
export type Door = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;

const NO_TUNNEL = problem('not-found', 'No tunnel leads there.');
const ENDING = problem('shutting-down', 'The node is shutting down.');

/** Whether `url`, by which a sender reaches this node, leads straight to this connection. */
export function reachedDirectly(url: string, socket: Socket): boolean {
  const { localAddress, localPort } = socket;
  if (localAddress === undefined || !URL.canParse(url)) return false;
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol !== 'http:' || pathname !== '/' || Number(port) !== localPort) return false;
  const address = localAddress.replace(/^::ffff:/, '');
  return hostname === address || (hostname === 'localhost' && isLoopback(address));
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

/** `passages` are by the destination that a CONNECT names. `stopping`, or that its sender would be
 * refused now, ends a tunnel as soon as nothing waits in it. */
export function tunnelDoor(
  passages: ReadonlyMap<string, Passage>,
  guard: Guard,
  stopping: AbortSignal,
): Door {
  return (incoming, socket, head) => {
    const credentials = credentialsOf(incoming);
    const refused = guard(credentials, 'peer');
    const passage = passages.get(incoming.url ?? '');
    socket.on('error', () => socket.destroy());
    if (refused !== null || passage === undefined || stopping.aborted) {
      const none = passage === undefined;
      endWith(socket, refused ?? (none ? NO_TUNNEL : ENDING));
      return;
    }
    if ('setNoDelay' in socket) (socket as Socket).setNoDelay(true);
    socket.write('HTTP/1.1 200 Tunnel\r\n\r\n');
    const ending = new AbortController();
    const end = (): void => ending.abort();
    stopping.addEventListener('abort', end);
    // A token that is accepted no more opens nothing, and keeps nothing open.
    const unwatch = guard.onChange(() => {
      if (guard(credentials, 'peer') !== null) end();
    });
    socket.on('close', () => {
      stopping.removeEventListener('abort', end);
      unwatch();
    });
    serve(socket, head, passage, ending.signal);
  };
}

function serve(
  socket: Duplex,
  head: Buffer,
  { handle, failed }: Passage,
  ending: AbortSignal,
): void {
  const reader = new FrameReader(PEER_LIMIT);
  let open = 0;
  let openBytes = 0;
  const answer = (id: number, bytes: number, given: Answer | null): void => {
    open -= 1;
    openBytes -= bytes;
    if (socket.destroyed) return;
    if (given !== null) socket.write(answerFrame(id, given.status, given.body));
    if (ending.aborted && open === 0) finish();
    readOn();
  };
  const readOn = (): void => {
    if (ending.aborted) return;
    const full = open >= OPEN_MAX || openBytes >= OPEN_BYTES_MAX;
    // Who does not read the answers is not listened to: they would pile up here.
    if (full || socket.writableNeedDrain) socket.pause();
    else socket.resume();
  };
  const finish = (): void => {
    // What was sent meanwhile is not taken, but read: behind it stands the end of the other side.
    socket.off('data', onData).resume().end();
  };
  const onFrame = (id: number, body: Buffer): void => {
    const bytes = body.length;
    open += 1;
    openBytes += bytes;
    handle(body).then(
      (given) => answer(id, bytes, given),
      (error: unknown) => answer(id, bytes, failed(error)),
    );
    readOn();
  };
  const onData = (chunk: Buffer): void => {
    try {
      reader.take(chunk, onFrame);
    } catch {
      // The format is broken: what follows means nothing, and the sender learns by the end.
      socket.destroy();
    }
  };
  const onEnd = (): void => {
    socket.pause();
    if (open === 0) finish();
  };
  socket.on('data', onData);
  socket.on('drain', readOn);
  socket.on('end', () => socket.destroy());
  ending.addEventListener('abort', onEnd);
  if (head.length > 0) onData(head);
  socket.resume();
}
