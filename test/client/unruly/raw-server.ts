// A server that answers with bytes, not with messages: it can stop after any of them. It keeps no
// process alive, so what is still alive at the end of a run is the client's.

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface RawRequest {
  readonly method: string;
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly json: unknown;
  readonly socket: Socket;
}

export class RawServer {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(server: Server, sockets: ReadonlySet<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** `answer` is called once for each request; the next one on its socket waits for it. */
  static async start(answer: (request: RawRequest) => Promise<void>): Promise<RawServer> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.unref();
      socket.on('close', () => void sockets.delete(socket));
      // Whoever cuts connections is cut off, too.
      socket.on('error', () => {});
      serve(socket, answer);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    server.unref();
    return new RawServer(server, sockets);
  }

  close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    for (const socket of this.#sockets) socket.destroy();
    return closed;
  }
}

function serve(socket: Socket, answer: (request: RawRequest) => Promise<void>): void {
  let waiting = Buffer.alloc(0);
  let busy = false;
  const next = (): void => {
    if (busy || socket.destroyed) return;
    const taken = requestIn(waiting, socket);
    if (taken === null) return;
    waiting = waiting.subarray(taken.length);
    busy = true;
    void answer(taken.request).then(() => {
      busy = false;
      next();
    });
  };
  socket.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    next();
  });
}

/** The client says how long each of its bodies is. */
function requestIn(
  bytes: Buffer,
  socket: Socket,
): { readonly request: RawRequest; readonly length: number } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [start, ...fields] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const [method, target] = start!.split(' ');
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
    }),
  );
  const length = end + 4 + Number(headers.get('content-length') ?? 0);
  if (bytes.length < length) return null;
  const text = bytes.subarray(end + 4, length).toString('utf8');
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  const url = new URL(target!, 'http://node');
  return { request: { method: method!, url, headers, json, socket }, length };
}
