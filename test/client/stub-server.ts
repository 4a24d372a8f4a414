// A small HTTP server that answers as a test tells it to, and remembers what it was asked.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Hit {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly json: unknown;
}

export type Responder = (hit: Hit, response: ServerResponse, count: number) => void;

export interface Stub {
  readonly url: string;
  readonly hits: Hit[];
  /** Replaces how later requests are answered. */
  respond(responder: Responder): void;
  /** Resolves when this many requests have arrived. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a stub on a port of the system's choice; it ends with the test. */
export async function startStub(first: Responder): Promise<Stub> {
  let responder = first;
  const hits: Hit[] = [];
  let waiters: { count: number; done: () => void }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const { method = '', url = '', headers } = request;
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    const hit = { method, path: url, headers, text, json };
    hits.push(hit);
    waiters = waiters.filter(({ count, done }) => (hits.length < count ? true : void done()));
    responder(hit, response, hits.length);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    respond: (next) => {
      responder = next;
    },
    arrived: (count) =>
      hits.length >= count
        ? Promise.resolve()
        : new Promise((done) => waiters.push({ count, done })),
    close,
  };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function sendProblem(
  response: ServerResponse,
  status: number,
  code: string,
  members: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  const body = { type: `/problems/${code}`, title: code, status, detail: `${code}.`, code };
  response.end(JSON.stringify({ ...body, ...members }));
}

/** The URL of a port where nothing listens. */
export async function deadUrl(): Promise<string> {
  const stub = await startStub(() => {});
  await stub.close();
  return stub.url;
}
