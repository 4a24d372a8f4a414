// The commander program without its commands, how a run of it ends, and the one place that sets the
// exit code.

import { Command, CommanderError } from 'commander';
import { InvalidUrl, Unreachable } from '../client/errors.ts';
import { NoMaster, NoQuorum } from '../client/problems.ts';
import { packageVersion } from '../node/package-version.ts';
import { withoutVainHelp } from './arguments/vain-help.ts';
import { orNoNode } from './cluster/no-node.ts';
import type { TargetOptions } from './cluster/target.ts';
import { aimed, fromAnywhere, wayBack, wayToAnswer, wayToMaster } from './cluster/way-back.ts';
import { compileParserLate } from './compilation.ts';
import { EXIT, endingOf, UsageError } from './exit.ts';
import { otherWord } from './other-words.ts';
import { abridged } from './printing/abridged.ts';
import { keepToAscii } from './printing/ascii.ts';
import { cleanText } from './printing/clean-text.ts';
import { stylesFor } from './printing/colour.ts';
import { examples } from './printing/examples.ts';
import { endWithoutReader, printError, printRemark, watchOutput } from './printing/output.ts';

/** Runs one command line with these commands; sets the exit code. */
export async function start(
  argv: readonly string[],
  commands: readonly ((program: Command) => void)[],
): Promise<void> {
  watchOutput();
  keepToAscii(process.stdout);
  keepToAscii(process.stderr);
  compileParserLate();
  const program = newProgram();
  for (const register of commands) register(program);
  process.exitCode = await run(program, argv);
  endWithoutReader();
}

/** A program that throws instead of ending the process. */
export function newProgram(): Command {
  const program = new Command('replog')
    .description('A replicated log and key-value store that starts with one command.')
    .version(packageVersion())
    .option('--no-color', 'no colour (also: NO_COLOR)')
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void process.stdout.write(text),
      writeErr: (text) => void process.stderr.write(text),
      outputError: (text, write) =>
        write(`replog: ${cleanText(abridged(sentenceOf(text, program)))}\n`),
    })
    .addHelpText(
      'after',
      examples(
        ['replog cluster', 'a master and two secondaries, ready in a second'],
        ['replog append hello', 'a message, acknowledged by a majority'],
        ['replog list n2', 'what a secondary shows'],
        ['replog kill master', 'see what happens'],
        ['replog append --help', 'every command has help and examples'],
      ),
    );
  // Everything after this reads NO_COLOR: one switch, also for the processes that are started.
  return program.hook('preAction', () => {
    if (program.opts<{ color: boolean }>().color === false) process.env.NO_COLOR = '1';
  });
}

type Parse = <T>(value: string, previous: T) => T;

/** Has every refusal of a value begin with what the value was given for. */
function nameWhatIsRefused({ options, registeredArguments, commands }: Command): void {
  for (const option of options) nameRefusals(option, option.long ?? option.flags);
  for (const argument of registeredArguments) nameRefusals(argument, argument.name());
  for (const command of commands) nameWhatIsRefused(command);
}

function nameRefusals(taker: { parseArg?: Parse }, name: string): void {
  const { parseArg } = taker;
  if (parseArg === undefined) return;
  taker.parseArg = (value, previous) => {
    try {
      return parseArg(value, previous);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${name}: ${error.message}`, error.hint);
    }
  };
}

/** Runs one command line (`argv` as in process.argv); resolves with the exit code, and never
 * rejects for what a command throws: that is one sentence and a hint on stderr. */
export async function run(program: Command, argv: readonly string[]): Promise<number> {
  nameWhatIsRefused(program);
  let options: TargetOptions = {};
  program.hook('preAction', (_, command) => {
    options = command.opts();
  });
  try {
    await program.parseAsync(withoutVainHelp(program, argv));
    return EXIT.success;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error, program);
    if ((error as NodeJS.ErrnoException | null)?.code === 'EPIPE') return EXIT.success;
    const known = await orNoNode(error, options);
    report(known, await hintOn(known, options));
    return endingOf(known).code;
  }
}

function endOfParsing(error: CommanderError, program: Command): number {
  if (error.exitCode === 0) return EXIT.success;
  // Help that nobody asked for explains itself.
  if (error.code !== 'commander.help') printError(`hint: ${hintOfParsing(error, program)}`);
  return EXIT.usage;
}

function hintOfParsing({ code, message }: CommanderError, { args, commands }: Command): string {
  const named = commands.find((command) => command.name() === args[0]);
  if (code === 'commander.unknownOption' && message.includes("'--all'") && takesAll(named)) {
    return `it is a word, not an option: \`replog ${named?.name()} all\``;
  }
  if (code !== 'commander.unknownCommand') return 'add --help to see how it is used';
  // A command that does not exist has no help. That of its group lists those that do.
  const help = `\`replog ${named === undefined ? '' : `${named.name()} `}--help\` lists all commands`;
  const known = otherWord(UNKNOWN.exec(message)?.[1] ?? '', named?.name());
  return known === null ? help : `${known}; ${help}`;
}

const UNKNOWN = /unknown command '([^']*)'/;

/** Whether `all` is among what an argument of it may be. */
const takesAll = (command: Command | undefined): boolean =>
  command?.registeredArguments.some(({ description }) => /\ball\b/.test(description)) ?? false;

/** What to do about the error of a command that had these options. */
async function hintOn(error: unknown, options: TargetOptions): Promise<string | null> {
  const hint = (await wayOn(error, options)) ?? endingOf(error).hint;
  if (hint === null) return null;
  // Where nothing answers, nothing can be asked; still less at what is no address.
  const { url, ...rest } = options;
  const isNowhere = error instanceof Unreachable || error instanceof InvalidUrl;
  const where = isNowhere ? rest : await fromAnywhere(options);
  return aimed(hint, where);
}

/** What only the cluster that the error came from can tell. */
async function wayOn(error: unknown, options: TargetOptions): Promise<string | null> {
  if (error instanceof NoQuorum) return await wayBack(error.missing, options);
  if (error instanceof Unreachable) return await wayToAnswer(error.url, options);
  return error instanceof NoMaster ? await wayToMaster(options) : null;
}

function report(error: unknown, hint: string | null): void {
  const { sentence } = endingOf(error);
  const styles = stylesFor(process.stderr);
  printRemark('replog:', cleanText(abridged(sentence)), styles.red);
  if (hint !== null) printRemark('hint:', cleanText(abridged(hint)), styles.dim);
  // One sentence is for users; whoever looks for a fault in replog itself sets this.
  if (process.env.REPLOG_DEBUG && error instanceof Error) printError(error.stack ?? '');
}

/** commander's message, which may be two lines ("Did you mean …?"), as one. */
function sentenceIn(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\n/g, ' ');
}

/** The same without a likeness, where the hint will say what was meant. */
function sentenceOf(text: string, { args, commands }: Command): string {
  const sentence = sentenceIn(text);
  const word = UNKNOWN.exec(sentence)?.[1];
  const group = commands.find((command) => command.name() === args[0])?.name();
  if (word === undefined || otherWord(word, group) === null) return sentence;
  return sentence.replace(/ \(Did you mean .*\?\)$/, '');
}
