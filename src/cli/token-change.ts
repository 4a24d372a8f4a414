// The token file, read again while a server runs. The rule: what is wrong with it changes nothing,
// and is said.

import type { TokensEvent } from '../cluster/report.ts';
import type { LogLevel, Wording } from '../node/diagnostics/logger.ts';
import type { Tokens } from '../node/http/tokens.ts';
import { tokensIn } from './arguments/token.ts';
import type { UsageError } from './exit.ts';

/** How what is wrong is said. */
export interface Complaint {
  readonly name: string;
  readonly logLevel: string;
  readonly wording?: Wording | undefined;
}

/** What reads it again: exchanges the tokens for what stands in `file` now, and calls `exchanged`
 * with what is to be told; or says on stderr why they stay. */
export function tokenReader(
  file: string,
  tokens: Tokens,
  { name, logLevel, wording }: Complaint,
  exchanged: (event: TokensEvent) => void,
): () => void {
  return () => {
    try {
      tokens.exchange(tokensIn(file));
    } catch (error) {
      void import('../node/diagnostics/logger.ts').then(({ createLogger }) => {
        const logger = createLogger({ level: logLevel as LogLevel, name, wording });
        const { message } = error as UsageError;
        logger.error({ error: message }, 'the tokens stay as they were');
      });
      return;
    }
    exchanged(tokensEvent(tokens));
  };
}

/** What is told of an exchange: how many there are, and none of them. */
export function tokensEvent(tokens: Tokens): TokensEvent {
  return { event: 'tokens', accepted: tokens.all.length };
}
