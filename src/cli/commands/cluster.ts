// replog cluster: a whole cluster on this machine, with one command.

import type { Command } from 'commander';
import { defaultDataDir, defaultName, NAME_PATTERN } from '../../cluster/files/layout.ts';
import type { ClusterEvent, ReadyEvent, TokensEvent } from '../../cluster/report.ts';
import type { Launch, LaunchOptions } from '../../cluster/start/launch.ts';
import type { WriteConcern } from '../../core/effects.ts';
import type { Wording } from '../../node/diagnostics/logger.ts';
import { dataDirFrom } from '../arguments/data-dir.ts';
import {
  addTokenOptions,
  LOG_LEVEL,
  type ServerFlags,
  type ServerSettings,
  tokenSettings,
} from '../arguments/server-options.ts';
import { readTokens } from '../arguments/token.ts';
import { refuseBoth } from '../arguments/vain-options.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { parseWriteConcern, refuseUnsatisfiable } from '../arguments/write-concern.ts';
import { startProblem } from '../cluster/start-problem.ts';
import { aimed } from '../cluster/way-back.ts';
import { Screen } from '../cluster-screen.ts';
import { EXIT, endingOf, Refused, UsageError } from '../exit.ts';
import { clearEcho, untilInterrupted } from '../interrupt.ts';
import { cleanJson, cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { hurryReader, outliveOutput } from '../printing/output.ts';
import { plainDiagnostic, plainOutput } from '../printing/plain-diagnostic.ts';
import { tokenReader } from '../token-change.ts';

interface ClusterFlags
  extends Pick<
    ServerFlags,
    'tokenFile' | 'requireClientToken' | 'logLevel' | 'dataDir' | 'memory' | 'json'
  > {
  readonly secondaries?: number;
  readonly port: number;
  readonly name?: string;
  readonly fresh?: boolean;
  readonly w?: WriteConcern;
  readonly failover?: boolean;
  readonly plain?: boolean;
  readonly detach?: boolean;
}

/** One machine carries no more: a node takes some 60 MB. */
const SECONDARIES_MAX = 100;

const DEFAULT_SECONDARIES = 2;

const NEXT = 'try `replog append hello` in another terminal; Ctrl-C stops the cluster';

export function register(program: Command): void {
  const command = program
    .command('cluster')
    .description('start a master and its secondaries on this machine')
    .option('--secondaries <n>', 'how many (default: 2)', wholeNumber(0, SECONDARIES_MAX))
    .option('--port <port>', 'of the master; the others follow', wholeNumber(0, 65_535), 4000)
    .option('--name <name>', 'name of the cluster (default: cluster-PORT)', parseName)
    .option('--data-dir <folder>', 'where the data are kept (default: ./.replog/NAME)')
    .option('--memory', 'keep nothing on disk')
    .option('--fresh', "remove this cluster's earlier data first; with --memory there are none")
    .option(
      '--w <w>',
      'write concern of messages that name none: 1…n, majority or all (default: majority)',
      parseWriteConcern,
    )
    .option('--failover', 'let another node take over from a master that is silent for 5 s')
    .option('--plain', 'one plain line per event')
    .option('--json', 'one JSON object per event')
    .option('--detach', 'start it in the background');
  addTokenOptions(command)
    .addHelpText(
      'after',
      examples(
        ['replog cluster', 'three nodes from port 4000 on; data in ./.replog/cluster-4000'],
        ['replog cluster --secondaries 4 --memory', 'five nodes, nothing on disk'],
        ['replog cluster --port 5000 --name b --detach', 'a second one, in the background'],
        ['replog cluster --fresh', 'without the data of last time'],
        ['replog cluster --failover', 'then `replog kill master`: another one takes over'],
      ),
    )
    .action(async (flags: ClusterFlags) => {
      const options = await launchOptions(flags);
      await (flags.detach ? startInBackground(flags, options) : run(flags, options));
    });
}

type Settings = Omit<LaunchOptions, 'startArbiter' | 'onEvent' | 'onLine'> &
  Pick<ServerSettings, 'tokenFile'>;

/** Checks what commander cannot, and settles names and folders. */
async function launchOptions(flags: ClusterFlags): Promise<Settings> {
  refuseBoth(flags.memory, flags.dataDir, '--memory', '--data-dir');
  refuseBoth(flags.plain, flags.json, '--plain', '--json');
  refuseUnsatisfiable(flags.w, flags.secondaries);
  const tokens = readTokens(flags.tokenFile);
  const port = flags.port === 0 ? await anyBlock(flags.secondaries) : flags.port;
  const name = flags.name ?? defaultName(port);
  return {
    name,
    port,
    secondaries: flags.secondaries ?? null,
    dataDir: flags.memory ? null : dataDirOf(flags, name),
    fresh: flags.fresh ?? false,
    w: flags.w === undefined ? null : String(flags.w),
    failover: flags.failover ?? false,
    ...tokenSettings(flags, tokens),
    logLevel: flags.logLevel ?? LOG_LEVEL,
  };
}

function dataDirOf({ dataDir }: ClusterFlags, name: string): string {
  return dataDir === undefined ? defaultDataDir(name, process.cwd()) : dataDirFrom(dataDir);
}

async function anyBlock(secondaries: number = DEFAULT_SECONDARIES): Promise<number> {
  const { freeBlock } = await import('../../cluster/start/ports.ts');
  return freeBlock(secondaries + 2);
}

/** Runs the cluster until it is told to stop. */
async function run(flags: ClusterFlags, settings: Settings): Promise<void> {
  const { launch } = await import('../../cluster/start/launch.ts');
  const { serveArbiter } = await import('../../node/arbiter/serve-arbiter.ts');
  const { takeStopSignals } = await import('../../cluster/process/stop-signals.ts');
  const { tellStarter } = await import('../../cluster/process/detach.ts');
  // Its nodes are used by others, whoever reads what it prints.
  outliveOutput();
  const show = await showerFor(flags);
  const { onTerminal } = await import('../dashboard.ts');
  const screen = new Screen(!flags.plain && !flags.json && onTerminal(), flags.name);
  let launched: Launch | null = null;
  const reread = rereading(flags, settings, screen, (event) => {
    launched?.handOnTokens();
    if (!screen.taken) show(event);
  });
  const signals = takeStopSignals(() => launched?.kill(), undefined, reread);
  void signals.first.then((name) => {
    if (name === 'SIGINT') clearEcho();
  });
  try {
    launched = await launch({
      ...settings,
      startArbiter: (arbiter) => serveArbiter({ ...arbiter, ...wordingFor(flags, screen) }),
      onEvent: (event) => {
        if (!screen.taken) show(event);
      },
      onLine: (node, line) => {
        if (!flags.json && !screen.taken) process.stderr.write(plainOutput(node, line));
      },
    });
    screen.prepare();
    const { ready, broken } = launched;
    // Stopped while it is starting: that it did not become ready is no news.
    ready.catch(() => undefined);
    const end = Promise.race([signals.first, broken]);
    try {
      const outcome = await Promise.race([ready, end]);
      if (typeof outcome === 'object') {
        await tellStarter({ type: 'ready', ready: outcome });
        if (!flags.json && !screen.wanted) process.stdout.write(`${aimed(NEXT, flags)}\n`);
        await screen.show(outcome, settings, end);
      }
    } finally {
      await launched.stop();
    }
  } catch (error) {
    const problem = startProblem(error, settings.dataDir);
    // Where they were not written as they came.
    if (flags.json || screen.opened) showLines(error);
    await tellStarter({ type: 'failed', ...endingOf(problem) });
    throw problem;
  } finally {
    signals.close();
    hurryReader();
  }
}

/** What SIGHUP asks for, where the tokens stand in a file. */
function rereading(
  { json }: ClusterFlags,
  { tokens, tokenFile, logLevel }: Settings,
  screen: Screen,
  exchanged: (event: TokensEvent) => void,
): (() => void) | undefined {
  if (tokens === null || tokenFile === undefined) return undefined;
  const wording = (line: string): string => {
    screen.say(json ? line : plainDiagnostic(line, false));
    return '';
  };
  return tokenReader(tokenFile, tokens, { name: 'launcher', logLevel, wording }, exchanged);
}

/** What the arbiter here has to say: it stands beside the lines of the launcher. */
function wordingFor({ json }: ClusterFlags, screen: Screen): { wording?: Wording } {
  if (json) return {};
  return { wording: (line) => (screen.taken ? '' : plainDiagnostic(line, false)) };
}

async function startInBackground(flags: ClusterFlags, settings: Settings): Promise<void> {
  const { launchInBackground } = await import('../../cluster/process/detach.ts');
  const args = backgroundArgs(flags, settings);
  const { outcome, file } = await untilInterrupted((signal) =>
    launchInBackground(settings, args, signal),
  ).catch((error: unknown) => {
    throw startProblem(error, settings.dataDir);
  });
  if (outcome.type === 'failed') {
    const { code, sentence, hint } = outcome;
    if (code === EXIT.usage) throw new UsageError(sentence, hint);
    const place = `its output is in ${file}`;
    throw new Refused(sentence, hint === null ? place : `${hint}; ${place}`);
  }
  const show = await showerFor(flags);
  show(outcome.ready);
  if (flags.json) return;
  process.stdout.write(`it runs in the background; its output is in ${file}\n`);
}

/** The command line of the launcher in the background: what was settled here is settled there. */
function backgroundArgs(flags: ClusterFlags, settings: Settings): string[] {
  const { port, name, dataDir, secondaries, w, logLevel } = settings;
  return [
    ...['cluster', '--json', '--port', `${port}`, '--name', name, '--log-level', logLevel],
    ...(dataDir === null ? ['--memory'] : ['--data-dir', dataDir]),
    ...(secondaries === null ? [] : ['--secondaries', `${secondaries}`]),
    ...(w === null ? [] : ['--w', w]),
    ...(settings.fresh ? ['--fresh'] : []),
    ...(settings.failover ? ['--failover'] : []),
    ...(flags.tokenFile === undefined ? [] : ['--token-file', flags.tokenFile]),
    ...(settings.requireClientToken ? ['--require-client-token'] : []),
  ];
}

async function showerFor(flags: ClusterFlags): Promise<(event: ClusterEvent | ReadyEvent) => void> {
  if (flags.json) return (event) => void process.stdout.write(`${cleanJson(event)}\n`);
  const { plainLines } = await import('../../cluster/report.ts');
  return (event) => void process.stdout.write(plainLines(event, cleanText));
}

/** What the nodes wrote before the start failed. */
function showLines(error: unknown): void {
  const lines = (error as { lines?: readonly string[] } | null)?.lines ?? [];
  for (const line of lines) process.stderr.write(`${cleanText(line)}\n`);
}

function parseName(text: string): string {
  if (NAME_PATTERN.test(text)) return text;
  throw new UsageError(
    `"${text}" cannot be the name of a cluster`,
    'use letters, digits, dots, - and _; at most 64 of them',
  );
}
