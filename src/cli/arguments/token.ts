// The cluster's tokens: from a file or the environment, never from the command line itself. The
// rule: what is wrong with them is said by its place, never by its text.

import { TOKENS_MAX } from '../../node/http/tokens.ts';
import { UsageError } from '../exit.ts';
import { textOf } from './input-file.ts';
import { shownPath } from './path-problem.ts';

/** The token that is sent: the first of `--token-file`, else that of REPLOG_TOKEN; undefined
 * without one. Throws UsageError. */
export function readToken(
  tokenFile: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return readTokens(tokenFile, env)?.[0];
}

/** All tokens of `--token-file`, else the one of REPLOG_TOKEN; undefined without one. A launcher
 * gives a node that it hosts (`hosted`) all of its own there, a line each. Throws UsageError. */
export function readTokens(
  tokenFile: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  hosted = false,
): readonly string[] | undefined {
  if (tokenFile !== undefined) return tokensIn(tokenFile);
  const text = env.REPLOG_TOKEN?.trim() ?? '';
  if (text === '') return undefined;
  const tokens = hosted ? text.split('\n') : [text];
  if (tokens.every(isToken)) return tokens;
  throw new UsageError('REPLOG_TOKEN holds no token', 'a token is one line of printable ASCII');
}

/** The tokens that stand in a file now, a line each. Throws UsageError. */
export function tokensIn(file: string): readonly string[] {
  const tokens: string[] = [];
  const lines = textOf(file, NAME_ONE, 'the token file ').split('\n');
  for (const [at, line] of lines.entries()) {
    const token = line.trim();
    if (token === '') continue;
    if (!isToken(token)) {
      throw new UsageError(
        `line ${at + 1} of the token file ${shownPath(file)} is no token`,
        SHAPE,
      );
    }
    tokens.push(token);
  }
  if (tokens.length === 0) {
    throw new UsageError(`the token file ${shownPath(file)} holds no token`, SHAPE);
  }
  if (tokens.length > TOKENS_MAX) {
    const sentence = `the token file ${shownPath(file)} holds more than ${TOKENS_MAX} tokens`;
    throw new UsageError(
      sentence,
      'keep the first, which is sent, and those that callers still have',
    );
  }
  return tokens;
}

const isToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

const NAME_ONE = 'name a file that holds the token, or give it in REPLOG_TOKEN';
const SHAPE = 'a token is a line of printable ASCII without spaces';
