// The two ways by which a stranger's words reach a node: as requests, and as frames in a tunnel.
// What is said is given as the text of a body: it need not be JSON.

import { connect, type Socket } from 'node:net';
import {
  answerOf,
  FrameReader,
  requestFrame,
  TUNNELS,
} from '../../../src/node/peers/tunnel-frames.ts';
import { bytesOf, WireConnection } from '../http-model/wire-connection.ts';

export interface Heard {
  readonly status: number;
  /** Parsed; undefined where the body is no JSON. */
  readonly body: Record<string, unknown>;
}

export interface Line {
  readonly usable: boolean;
  ask(path: string, body: string): Promise<Heard>;
  close(): void;
}

function heard(status: number, text: string): Heard {
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    return { status, body: {} };
  }
}

const HEADERS: [string, string][] = [
  ['Host', 'localhost'],
  ['Content-Type', 'application/json'],
];

export const post = (target: string, body: string): Buffer =>
  bytesOf({
    ...{ method: 'POST', target, headers: HEADERS, chunks: null },
    body: Buffer.from(body),
  });

/** One request after the other, on a connection that is kept. */
export class PostLine implements Line {
  private readonly url: string;
  private wire: WireConnection;

  constructor(url: string) {
    this.url = url;
    this.wire = new WireConnection(url);
  }

  readonly usable = true;

  async ask(path: string, body: string): Promise<Heard> {
    if (!this.wire.usable) this.wire = new WireConnection(this.url);
    this.wire.write(post(path, body));
    const { status, body: bytes } = await this.wire.answer('POST');
    return heard(status, bytes.toString());
  }

  async get(target: string): Promise<Heard> {
    if (!this.wire.usable) this.wire = new WireConnection(this.url);
    const headers: [string, string][] = [['Host', 'localhost']];
    this.wire.write(bytesOf({ method: 'GET', target, headers, body: null, chunks: null }));
    const { status, body } = await this.wire.answer('GET');
    return heard(status, body.toString());
  }

  close(): void {
    this.wire.close();
  }
}

/** A tunnel of one kind. Frames go in pieces, as `cuts` says: lengths of the pieces. */
export class TunnelLine implements Line {
  private readonly socket: Socket;
  private readonly waiting = new Map<number, (heard: Heard) => void>();
  private readonly failing = new Set<(error: Error) => void>();
  private readonly cuts: () => number;
  private lastId: number;
  usable = true;
  /** Answers that nothing was asked for. */
  stray = 0;

  private constructor(socket: Socket, head: Buffer, firstId: number, cuts: () => number) {
    this.socket = socket;
    this.cuts = cuts;
    this.lastId = firstId;
    const reader = new FrameReader(1 << 26);
    const take = (chunk: Buffer) =>
      reader.take(chunk, (id, payload) => {
        const { status, text } = answerOf(payload);
        const resolve = this.waiting.get(id);
        if (resolve === undefined) this.stray += 1;
        this.waiting.delete(id);
        resolve?.(heard(status, text));
      });
    socket.on('data', take);
    socket.on('close', () => {
      this.usable = false;
      for (const fail of this.failing) fail(new Error('the tunnel has ended'));
    });
    if (head.length > 0) take(head);
  }

  static open(
    url: string,
    kind: keyof typeof TUNNELS,
    firstId: number,
    cuts: () => number,
  ): Promise<TunnelLine> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      socket.on('error', reject);
      let said = Buffer.alloc(0);
      const onData = (chunk: Buffer) => {
        said = Buffer.concat([said, chunk]);
        const end = said.indexOf('\r\n\r\n');
        if (end < 0) return;
        socket.off('data', onData);
        if (!said.toString('latin1').startsWith('HTTP/1.1 200 ')) {
          socket.destroy();
          reject(new Error(said.toString()));
          return;
        }
        resolve(new TunnelLine(socket, said.subarray(end + 4), firstId, cuts));
      };
      socket.on('data', onData);
      socket.write(`CONNECT ${TUNNELS[kind]} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    });
  }

  ask(_: string, body: string): Promise<Heard> {
    this.lastId = (this.lastId + 1) >>> 0;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error('no answer in 20 s')), 20_000);
      this.failing.add(reject);
      this.waiting.set(id, (given) => {
        clearTimeout(patience);
        this.failing.delete(reject);
        resolve(given);
      });
      this.write(Buffer.concat(requestFrame(id, [Buffer.from(body)])));
    });
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const length = Math.max(1, this.cuts());
      this.socket.write(bytes.subarray(at, at + length));
      at += length;
    }
  }

  /** Resolves when the other side has ended it. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) resolve();
      else this.socket.once('close', () => resolve());
    });
  }

  close(): void {
    this.socket.destroy();
  }
}
