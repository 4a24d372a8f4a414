// The cluster's token: from a file or the environment, never from the command line itself.

import { readFileSync } from 'node:fs';
import { UsageError } from './exit.ts';

/** The token of `--token-file`, else of REPLOG_TOKEN; undefined without one. Throws UsageError. */
export function readToken(
  tokenFile: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const token = (tokenFile === undefined ? env.REPLOG_TOKEN : textOf(tokenFile))?.trim();
  if (token === undefined) return undefined;
  if (token === '' && tokenFile === undefined) return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const place = tokenFile === undefined ? 'REPLOG_TOKEN' : tokenFile;
  throw new UsageError(`${place} holds no token`, 'a token is one line of printable ASCII');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `the token file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      'name a file that holds the token, or give it in REPLOG_TOKEN',
    );
  }
}
