// The options of commands that serve (master, secondary, node, arbiter): how they are written, and
// what they come to.

import { isatty } from 'node:tty';
import { type Command, Option } from 'commander';
import type { Wording } from '../../node/diagnostics/logger.ts';
import { Tokens } from '../../node/http/tokens.ts';
import { UsageError } from '../exit.ts';
import { plainDiagnostic } from '../printing/plain-diagnostic.ts';
import { dataDirFrom } from './data-dir.ts';
import { readTokens } from './token.ts';
import { refuseBoth } from './vain-options.ts';
import { wholeNumber } from './whole-number.ts';

/** As commander hands them over. */
export interface ServerFlags {
  readonly port: number;
  readonly host: string;
  readonly dataDir?: string;
  readonly memory?: boolean;
  readonly tokenFile?: string;
  readonly requireClientToken?: boolean;
  readonly insecure?: boolean;
  readonly allowHost?: readonly string[];
  readonly logLevel?: string;
  readonly json?: boolean;
}

/** What they come to. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  /** Absolute; null: in memory. */
  readonly dataDir: string | null;
  /** What is said in place of the folder; absent: nothing. */
  readonly remembers?: string;
  /** null: no route asks for one. */
  readonly tokens: Tokens | null;
  /** Where they stand; absent: in no file. */
  readonly tokenFile?: string;
  readonly requireClientToken: boolean;
  readonly allowHosts: readonly string[];
  readonly logLevel: string;
  /** Absent: what is said on stderr are JSON objects. */
  readonly wording?: Wording;
}

/** Where none was given; a terminal then shows plain lines. */
export const LOG_LEVEL = 'warn';

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** Adds what all servers understand. */
export function addServerOptions(command: Command, port: number): Command {
  command
    .option('--port <port>', 'where to listen; 0: any free port', wholeNumber(0, 65_535), port)
    .option('--host <address>', 'address to listen on', parseHost, '127.0.0.1')
    .option('--data-dir <folder>', 'where the data are kept (default: ./.replog/ID-PORT)')
    .option('--memory', 'keep nothing on disk')
    .option('--json', 'one JSON object per line')
    .option('--insecure', 'allow an address that others can reach without a token')
    .option('--allow-host <name>', 'answer for this Host too (repeatable)', collectHost);
  return addTokenOptions(command);
}

/** Adds the options that `replog cluster` has as well. */
export function addTokenOptions(command: Command): Command {
  return command
    .option(
      '--token-file <file>',
      'file with the tokens, a line each: all are accepted, the first is sent; SIGHUP reads it ' +
        'again (default: REPLOG_TOKEN)',
    )
    .option('--require-client-token', 'clients need the token too, not only nodes')
    .addOption(
      new Option(
        '--log-level <level>',
        `how much to say on stderr, as JSON (default: ${LOG_LEVEL})`,
      ).choices(LOG_LEVELS),
    );
}

/** Checks what commander cannot. `id` names the default data folder. Throws UsageError. */
export function serverSettings(flags: ServerFlags, id: string): ServerSettings {
  // The channel is that of a launcher.
  const all = readTokens(flags.tokenFile, process.env, process.send !== undefined);
  if (!isLoopback(flags.host) && all === undefined && !flags.insecure) {
    throw new UsageError(
      `--host ${flags.host} lets others reach this process, and there is no token`,
      'give one in REPLOG_TOKEN or with --token-file, or say --insecure',
    );
  }
  return {
    host: flags.host,
    port: flags.port,
    dataDir: dataDirOf(flags, `${id}-${flags.port}`),
    ...tokenSettings(flags, all),
    allowHosts: flags.allowHost ?? [],
    logLevel: flags.logLevel ?? LOG_LEVEL,
    ...(isForPeople(flags) ? { wording: plainDiagnostic } : {}),
  };
}

/** Whether what is said on stderr is read at a terminal, and nobody has asked for JSON. */
function isForPeople({ json, logLevel }: ServerFlags): boolean {
  return !json && logLevel === undefined && isatty(2);
}

/** What `all` tokens come to; throws UsageError if clients need one, and there is none. */
export function tokenSettings(
  { requireClientToken = false, tokenFile }: Pick<ServerFlags, 'requireClientToken' | 'tokenFile'>,
  all: readonly string[] | undefined,
): Pick<ServerSettings, 'tokens' | 'tokenFile' | 'requireClientToken'> {
  if (requireClientToken && all === undefined) {
    const hint = 'give one in REPLOG_TOKEN or with --token-file';
    throw new UsageError('--require-client-token needs a token', hint);
  }
  return {
    tokens: all === undefined ? null : new Tokens(all),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    requireClientToken,
  };
}

/** The data folder, absolute; null with --memory. Throws UsageError for both at once. */
function dataDirOf(
  flags: Pick<ServerFlags, 'dataDir' | 'memory'>,
  defaultName: string,
): string | null {
  refuseBoth(flags.memory, flags.dataDir, '--memory', '--data-dir');
  return flags.memory ? null : dataDirFrom(flags.dataDir ?? `.replog/${defaultName}`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** An empty one, as an unset variable of a shell leaves it, would be every address there is. */
function parseHost(text: string): string {
  if (text !== '') return text;
  throw new UsageError('the address is empty', 'leave it out for this machine alone');
}

/** What can stand in a Host header: a name or an address, perhaps with a port. What begins with a
 * hyphen is the option behind a value that is missing. */
const HOST = /^(?:[\w.][\w.-]*|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

function collectHost(value: string, before: readonly string[] = []): readonly string[] {
  if (HOST.test(value)) return [...before, value];
  // It would never be met, and every request for it would be refused.
  throw new UsageError(
    `"${value}" is not a host name`,
    'write it like db.example or db.example:80',
  );
}
