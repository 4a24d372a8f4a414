// Why a peer gave no answer, in words that stand in `/health` behind its name.

import { PeerError } from './peer-answers.ts';
import { codeOf } from './peer-client.ts';
import { StaleConnection } from './peer-exchange.ts';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'cut the connection',
  EPIPE: 'cut the connection',
  UND_ERR_SOCKET: 'closed the connection without an answer',
  UND_ERR_CONNECT_TIMEOUT: 'does not accept connections',
  UND_ERR_HEADERS_TIMEOUT: 'did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'did not finish its answer in time',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'gave too long an answer',
  ENOTFOUND: 'has a name that cannot be resolved',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
};

/** The failure in words: who, and what it did. */
export function explained(error: unknown, to: string): PeerError {
  const cause = error instanceof StaleConnection ? error.cause : error;
  const said = cause instanceof Error ? cause.message : String(cause);
  const reason = cause instanceof PeerError ? said : (REASONS[codeOf(cause)] ?? said);
  return new PeerError(`${to} ${reason}`, { cause });
}
