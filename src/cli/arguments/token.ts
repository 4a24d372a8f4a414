// The cluster's token: from a file or the environment, never from the command line itself.

import { UsageError } from '../exit.ts';
import { textOf } from './input-file.ts';

/** The token of `--token-file`, else of REPLOG_TOKEN; undefined without one. Throws UsageError. */
export function readToken(
  tokenFile: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const token = (
    tokenFile === undefined ? env.REPLOG_TOKEN : textOf(tokenFile, NAME_ONE, 'the token file ')
  )?.trim();
  if (token === undefined) return undefined;
  if (token === '' && tokenFile === undefined) return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const place = tokenFile === undefined ? 'REPLOG_TOKEN' : tokenFile;
  throw new UsageError(`${place} holds no token`, 'a token is one line of printable ASCII');
}

const NAME_ONE = 'name a file that holds the token, or give it in REPLOG_TOKEN';
