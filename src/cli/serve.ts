// Runs a server as this process: says where it listens and what happens to it, and puts what stops
// it from starting into a sentence.

import type { Listening, Service, ServiceOptions } from '../cluster/process/service.ts';
import type { LocalUrlEvent, NodeEvent, RememberedEvent, TokensEvent } from '../cluster/report.ts';
import { plainLines } from '../cluster/report.ts';
import type { Note } from '../core/effects.ts';
import type { TurnEvent } from '../node/arbiter/etcd/arbiter-in-turn.ts';
import {
  DamagedLog,
  FolderInUse,
  ForeignUse,
  LostLog,
  UnknownFormat,
} from '../persistence/persistence.ts';
import { unusableFolder } from './arguments/data-dir.ts';
import type { ServerSettings } from './arguments/server-options.ts';
import { Refused, UsageError } from './exit.ts';
import { clearEcho } from './interrupt.ts';
import { cleanJson, cleanText } from './printing/clean-text.ts';
import { hurryReader, outliveOutput } from './printing/output.ts';
import { tokenReader, tokensEvent } from './token-change.ts';

/** What a server says while it runs. */
type Told = Note | LocalUrlEvent | RememberedEvent | TokensEvent | TurnEvent;

/** Serves until it is told to stop. `what` names the server in the plain line, `name` in its
 * diagnostics; `start` is given where to say what happens. */
export async function serve(
  { what, name }: { readonly what: string; readonly name: string },
  settings: ServerSettings,
  flags: { readonly json?: boolean; readonly leave?: boolean },
  start: (onNote: (told: Told) => void) => Promise<Service>,
): Promise<void> {
  const { runService } = await import('../cluster/process/service.ts');
  // Others use it, whoever reads what it prints.
  outliveOutput();
  const printer = new Printer(what, settings, flags.json ?? false);
  try {
    await runService({
      start: () => start((note) => printer.note(note)),
      onListening: (listening) => printer.listening(listening),
      leave: flags.leave ?? false,
      onInterrupt: () => clearEcho(),
      ...tokenChanges(name, settings, (event) => printer.note(event)),
    });
  } catch (error) {
    throw servingProblem(error, settings);
  } finally {
    hurryReader();
  }
}

/** How the tokens can become others: by the file that they stand in, or by a launcher's word. */
function tokenChanges(
  name: string,
  { tokens, tokenFile, logLevel, wording }: ServerSettings,
  tell: (event: TokensEvent) => void,
): Pick<ServiceOptions, 'onReread' | 'onTokens'> {
  if (tokens === null) return {};
  const onTokens = (all: readonly string[]): void => {
    tokens.exchange(all);
    tell(tokensEvent(tokens));
  };
  if (tokenFile === undefined) return { onTokens };
  const onReread = tokenReader(tokenFile, tokens, { name, logLevel, wording }, tell);
  return { onReread, onTokens };
}

/** One of these for each copy of an operation would be too many lines; metrics count them. */
const UNTOLD: ReadonlySet<Told['event']> = new Set(['resend', 'duplicate']);

/** What the process prints. Where it listens comes first, whatever has happened before. */
class Printer {
  readonly #what: string;
  readonly #settings: ServerSettings;
  readonly #json: boolean;
  /** What waits for that; null once it was printed. */
  #held: Told[] | null = [];
  #node: string | null = null;

  constructor(what: string, settings: ServerSettings, json: boolean) {
    this.#what = what;
    this.#settings = settings;
    this.#json = json;
  }

  listening(listening: Listening): void {
    this.#node = listening.node;
    const line = this.#json ? cleanJson(listening) : this.#sentence(listening);
    const held = (this.#held ?? []).map((note) => this.#text(note));
    process.stdout.write([`${line}\n`, ...held].join(''));
    this.#held = null;
  }

  note(note: Told): void {
    if (UNTOLD.has(note.event)) return;
    if (this.#held === null) process.stdout.write(this.#text(note));
    else this.#held.push(note);
  }

  /** For people, what a node says of itself alone has its name as well. */
  #text(note: Told): string {
    if (this.#json) return `${cleanJson(note)}\n`;
    return plainLines({ node: this.#node ?? '', ...note } as NodeEvent, cleanText);
  }

  #sentence({ url, pid }: Listening): string {
    const { dataDir, remembers } = this.#settings;
    const data = dataDir === null ? 'data in memory only' : `data in ${cleanText(dataDir)}`;
    return `${this.#what} listens at ${url} (pid ${pid}), ${remembers ?? data}`;
  }
}

/** Where a node with a damaged log, and nobody to fetch from, is helped. */
const WAY_OUT =
  'see what is left with `replog verify`, and the way out with `replog repair --help`';

/** The error with a sentence and a hint, where the cause is known. */
function servingProblem(error: unknown, { host, port, dataDir }: ServerSettings): unknown {
  if (error instanceof FolderInUse) {
    return new Refused(error.message, 'stop that process, or choose another --data-dir');
  }
  if (error instanceof ForeignUse)
    return new UsageError(error.message, 'choose another --data-dir');
  if (error instanceof DamagedLog) {
    return new Refused(`${error.message}, in the folder ${dataDir}`, WAY_OUT);
  }
  if (error instanceof LostLog) return new Refused(`${error.message} (${dataDir})`, WAY_OUT);
  if (error instanceof UnknownFormat) {
    return new Refused(error.message, 'use the version of replog that wrote it');
  }
  const unusable = unusableFolder(error, dataDir);
  if (unusable !== null) return unusable;
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'EADDRINUSE':
      return new UsageError(`port ${port} is taken`, 'choose another --port');
    case 'EACCES':
      return new UsageError(
        `port ${port} needs more rights than this user has`,
        'use a higher one',
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UsageError(`${host} is not an address of this machine`, 'choose another --host');
    case 'EMFILE':
      return new Refused(
        'this process may open no more files or connections',
        '`ulimit -n` shows how many, and raises it',
      );
    default:
      return error;
  }
}
