// A client that sends exactly the bytes it is told to, and takes an answer for what it says alone:
// a library of either side would repair what it finds wrong.

import { connect, type Socket } from 'node:net';

export interface WireRequest {
  method: string;
  /** Path and query as they are sent. */
  target: string;
  headers: [name: string, value: string][];
  body: Buffer | null;
  /** Lengths of the chunks that the body goes in; null: with its length. */
  chunks: readonly number[] | null;
}

export interface WireAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What the server has to be sent. */
export function bytesOf({ method, target, headers, body, chunks }: WireRequest): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  if (body !== null && chunks === null) lines.push(`Content-Length: ${body.length}\r\n`);
  if (body !== null && chunks !== null) lines.push('Transfer-Encoding: chunked\r\n');
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  if (body === null) return head;
  return Buffer.concat([head, ...(chunks === null ? [body] : chunked(body, chunks))]);
}

function chunked(body: Buffer, lengths: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, body.length]) {
    const part = body.subarray(at, at + length);
    if (part.length === 0) continue;
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
    at += part.length;
  }
  return [...parts, Buffer.from('0\r\n\r\n')];
}

/** Longer than any answer of these tests takes; only what hangs takes it. */
const PATIENCE_MS = 20_000;

export class WireConnection {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private over = false;
  private wake: () => void = () => {};

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.on('error', () => {});
    this.socket.on('data', (part) => {
      this.received = Buffer.concat([this.received, part]);
      this.wake();
    });
    this.socket.on('close', () => {
      this.over = true;
      this.wake();
    });
  }

  get usable(): boolean {
    return !this.over;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  close(): void {
    this.over = true;
    this.socket.destroy();
  }

  /** The next answer; `method` is that of its request. */
  async answer(method: string): Promise<WireAnswer> {
    for (;;) {
      const { status, headers } = await this.head();
      // An interim answer announces another one.
      if (status < 200) continue;
      const body = method === 'HEAD' ? Buffer.alloc(0) : await this.bodyAfter(headers);
      if (headers.get('connection') === 'close') this.close();
      return { status, headers, body };
    }
  }

  /** Status and headers alone, where the body is endless. */
  async head(): Promise<Omit<WireAnswer, 'body'>> {
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(await this.line())?.[1];
    if (status === undefined) throw new Error('the answer does not begin like one');
    const headers = new Map<string, string>();
    for (let line = await this.line(); line !== ''; line = await this.line()) {
      const [, name, value] = /^([\w-]+): *(.*)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`no header: ${line}`);
      headers.set(name.toLowerCase(), value!);
    }
    return { status: Number(status), headers };
  }

  /** The next chunk of a body; an empty one is the last. */
  async chunk(): Promise<Buffer> {
    const length = Number.parseInt(await this.line(), 16);
    const part = await this.take(length);
    await this.line();
    return part;
  }

  private async bodyAfter(headers: ReadonlyMap<string, string>): Promise<Buffer> {
    if (headers.get('transfer-encoding') !== 'chunked') {
      return this.take(Number(headers.get('content-length')));
    }
    const parts: Buffer[] = [];
    do parts.push(await this.chunk());
    while (parts.at(-1)!.length > 0);
    return Buffer.concat(parts);
  }

  private async line(): Promise<string> {
    for (;;) {
      const end = this.received.indexOf('\r\n');
      if (end !== -1) return (await this.take(end + 2)).toString('latin1', 0, end);
      await this.more();
    }
  }

  private async take(length: number): Promise<Buffer> {
    while (this.received.length < length) await this.more();
    const taken = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    return taken;
  }

  private more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`no more after: ${this.received}`));
      if (this.over) return fail();
      const timer = setTimeout(fail, PATIENCE_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
