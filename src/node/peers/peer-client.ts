// One connection to a peer. Adds to undici's Client the one thing it does not tell: whether a
// request failed because an idle connection, kept from an earlier request, had been closed by the
// peer in the same moment (B58). Such a failure says nothing about the peer.

import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import { PeerExchange } from './peer-exchange.ts';

/** The system's or undici's code of an error; empty if it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** A connection to `origin`, for a Pool or alone. */
export function peerClient(origin: string | URL, options: Client.Options): Client {
  const client = new Client(origin, options);
  const connection = { answers: 0 };
  client.on('connect', () => {
    connection.answers = 0;
  });
  const dispatch = client.dispatch.bind(client);
  client.dispatch = (request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => {
    if (handler instanceof PeerExchange) handler.connection = connection;
    return dispatch(request, handler);
  };
  return client;
}
