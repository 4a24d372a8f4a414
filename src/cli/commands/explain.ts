// `replog explain`: the life of one operation, as all nodes tell it.

import type { Command } from 'commander';
import type { LogEntry, Story } from '../../client/answers.ts';
import { ReplogError, Unreachable } from '../../client/errors.ts';
import { type Candidate, knownNodes, nodesAt, targetFor } from '../arguments/node-selection.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { NothingThere } from '../cluster/no-node.ts';
import { addTargetOptions, connect, type Target, type TargetOptions } from '../cluster/target.ts';
import { endingOf, NotRunning, Refused } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { headline, lifeLines, merge } from '../printing/biography.ts';
import { cleanText } from '../printing/clean-text.ts';
import { stylesFor } from '../printing/colour.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLines } from '../printing/output.ts';
import { fitted } from '../printing/text-width.ts';

interface ExplainOptions extends TargetOptions {
  readonly json?: true;
}

/** What one node had to say. */
interface Account {
  readonly node: string;
  readonly url: string;
  readonly story: Story | null;
  readonly entry: LogEntry | null;
  /** Why it said nothing; null if it did. */
  readonly error: string | null;
  /** Whether it said nothing at all. */
  readonly mute: boolean;
}

export function register(program: Command): void {
  addTargetOptions(program.command('explain'))
    .description('tell the life of one operation: who sent, refused, stored and waited for it')
    .argument('<index>', 'its place in the log', wholeNumber(1))
    .argument('[node]', 'only what this node knows: n2, master, secondary:2, a URL')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        ['replog append hello --w 3', 'it answers with an index, such as 4'],
        ['replog explain 4', 'what became of it, on all nodes, by time'],
        ['replog explain 4 n2', 'what n2 knows of it'],
      ),
    )
    .action(explain);
}

async function explain(
  index: number,
  selector: string | undefined,
  options: ExplainOptions,
): Promise<void> {
  const target = await targetFor(selector, options);
  const accounts = await untilInterrupted(async (signal) => {
    const nodes =
      selector === undefined
        ? await knownNodes(target, signal)
        : await nodesAt(selector, target, signal);
    return Promise.all(nodes.map((node) => ask(target, node, index, signal)));
  });
  const stories = accounts.flatMap(({ story }) => (story === null ? [] : [story]));
  const silent = accounts.filter(({ error }) => error !== null);
  if (stories.length === 0) throw unknown(index, silent, accounts);
  const entry = accounts.find((account) => account.entry !== null)?.entry ?? null;
  const life = merge(stories);
  const partial = stories.filter(({ complete }) => !complete).map(({ node }) => node);
  if (options.json) {
    const missing = silent.map(({ node, error }) => ({ node, error }));
    const complete = partial.length === 0 && silent.length === 0;
    await printJson({ index, entry, complete, lines: life, missing });
    return;
  }
  const styles = stylesFor();
  const { stdout } = process;
  await printLines([
    ...fitted(headline(index, entry), stdout),
    '',
    ...lifeLines(life, styles, stdout),
  ]);
  const remarks = [
    ...silent.map(({ node, error }) => `${node} did not tell: ${error}`),
    ...(partial.length === 0 ? [] : [`not all is known any more on ${partial.join(', ')}`]),
  ];
  if (remarks.length > 0) {
    const lines = remarks.flatMap((remark) => fitted(cleanText(remark), stdout));
    await printLines(['', ...lines.map(styles.dim)]);
  }
}

async function ask(
  target: Target,
  { node, url }: Candidate,
  index: number,
  signal: AbortSignal,
): Promise<Account> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
  try {
    const client = await connect(target, url);
    const story = await client.story(index, { signal: limit });
    const entry = await client.entry(index, { signal: limit });
    // A node that has an operation can tell of it, unless its program is older than this command.
    if (story === null && entry !== null) return silence({ node, url }, TELLS_NOTHING, false);
    return { node: story?.node ?? node, url, story, entry, error: null, mute: false };
  } catch (error) {
    if (signal.aborted) throw error;
    if (limit.aborted) return silence({ node, url }, `no answer within ${ASK_MS / 1_000} s`, true);
    if (error instanceof ReplogError) {
      return silence({ node, url }, endingOf(error).sentence, error instanceof Unreachable);
    }
    throw error;
  }
}

function silence(
  { node, url }: Pick<Account, 'node' | 'url'>,
  error: string,
  mute: boolean,
): Account {
  return { node, url, story: null, entry: null, error, mute };
}

const TELLS_NOTHING = 'it has the operation, but its version of replog tells no lives';

/** A node that stands still does not keep the others' stories back for longer. */
const ASK_MS = 2_000;

function unknown(index: number, silent: readonly Account[], accounts: readonly Account[]): Error {
  if (silent.length > 0) {
    const why = silent.map(({ node, error }) => `${node}: ${error}`).join('; ');
    const sentence = `nobody could tell of index ${index} (${why})`;
    const hint = '`replog ps` shows who is up';
    return accounts.every(({ mute }) => mute)
      ? new NotRunning(sentence, hint)
      : new Refused(sentence, hint);
  }
  const sentence = `there is no operation ${index}`;
  const hint = '`replog list` shows what is there; `replog health` the last index';
  const [only, ...others] = accounts;
  // Where a URL was given, nobody has said yet that a node is there.
  return only !== undefined && others.length === 0
    ? new NothingThere(only.url, sentence, hint)
    : new Refused(sentence, hint);
}
