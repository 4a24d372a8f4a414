// Requests that a polite client would not send: any Host, any header, bodies in chunks, bytes that
// are no HTTP.

import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface WireRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Several parts go as chunks, without a content length. */
  readonly body?: string | Buffer | readonly (string | Buffer)[];
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever members an answer has.
  readonly body: any;
}

/** Sends it as it is; JSON is the content type unless another one, or null for none, is given. */
export function send(url: string, wire: WireRequest): Promise<WireAnswer> {
  const { method = 'POST', path, body } = wire;
  const parts = body === undefined ? [] : Array.isArray(body) ? body : [body];
  const length =
    Array.isArray(body) || body === undefined
      ? {}
      : { 'content-length': Buffer.byteLength(body as string) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: hostname,
      port,
      method,
      path,
      agent: false,
      headers: { ...type, ...length, ...wire.headers },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      incoming.once('error', reject).once('end', () => {
        const { statusCode = 0, headers } = incoming;
        resolve({ status: statusCode, headers, body: text === '' ? null : JSON.parse(text) });
      });
    });
    for (const part of parts) outgoing.write(part);
    outgoing.end();
  });
}

/** Sends bytes, and resolves with all that comes back until the connection is closed: by the
 * server, or, if it is to be `cut`, by this side as soon as they are sent. */
export function sendBytes(url: string, bytes: string, end?: 'cut'): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => {
      if (end === 'cut') socket.end(bytes, 'latin1');
      else socket.write(bytes, 'latin1');
    });
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    socket.once('error', reject).once('close', () => resolve(text));
  });
}
