// How `replog demo` and `replog scenario run` play scenarios: the flags they share, the reader's
// pace, and an end that leaves nothing behind, also after Ctrl-C.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Tell, Verdict } from '../../scenarios/report.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { refuseBoth } from '../arguments/vain-options.ts';
import { Interrupted, UsageError } from '../exit.ts';
import { keyPress } from '../input/key-press.ts';
import { clearEcho } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { stylesFor } from '../printing/colour.ts';
import { liveColumns } from '../printing/live-lines.ts';
import { hurryReader, print, printJson, printLine } from '../printing/output.ts';
import { cutTo, textColumns } from '../printing/text-width.ts';

export interface PlayFlags {
  readonly check?: true;
  readonly json?: true;
  readonly step?: true;
  readonly speed?: number;
}

export function addPlayOptions(command: Command): Command {
  return command
    .option('--check', 'without narration: one line per scenario, exit code 1 at a failure')
    .option('--json', 'one JSON object per line')
    .option('--step', 'wait for a key before each part (on a terminal)')
    .option('--speed <factor>', 'how fast you read: 2 is twice as fast (default: 1)', parseSpeed);
}

/** Nobody reads along where nothing is told; and whoever presses a key has a pace of their own. */
export function refuseVain({ check, json, step, speed }: PlayFlags): void {
  refuseBoth(check, step, '--check', '--step');
  refuseBoth(check, speed, '--check', '--speed');
  refuseBoth(json, step, '--json', '--step');
  refuseBoth(json, speed, '--json', '--speed');
  refuseBoth(step, speed, '--step', '--speed');
}

/** Plays them one after the other; resolves with the verdicts. */
export async function playAll(
  scenarios: readonly Scenario[],
  flags: PlayFlags,
): Promise<readonly Verdict[]> {
  const readable = process.stdin.isTTY === true && process.stdout.isTTY === true;
  if (flags.step && !readable) {
    throw new UsageError('--step needs a terminal', 'leave it out, or use --check');
  }
  const { performScenario } = await import('../../scenarios/performance.ts');
  const { ClusterStage } = await import('../../scenarios/cluster-stage.ts');
  const { serveArbiter } = await import('../../node/arbiter/serve-arbiter.ts');
  const { takeStopSignals } = await import('../../cluster/process/stop-signals.ts');
  const end = new AbortController();
  const signals = takeStopSignals(() => process.exit(130));
  void signals.first.then((signal) => {
    if (signal === 'SIGINT') clearEcho();
    hurryReader();
    end.abort(new Interrupted(signal));
  });
  const narrated = !flags.check && !flags.json;
  try {
    const tell = await tellerFor(flags, end);
    const verdicts: Verdict[] = [];
    for (const scenario of scenarios) {
      verdicts.push(
        await performScenario(scenario, {
          openStage: ({ cluster }, signal) => ClusterStage.start(cluster, serveArbiter, signal),
          tell,
          narrated: narrated || flags.json === true,
          signal: end.signal,
          now: () => performance.now(),
        }),
      );
    }
    return verdicts;
  } finally {
    signals.close();
  }
}

async function tellerFor(flags: PlayFlags, end: AbortController): Promise<Tell> {
  const { narrator, verdictLine } = await import('../../scenarios/narrator.ts');
  const { signal } = end;
  if (flags.json) {
    return async (report) => {
      if (!flags.check || report.type === 'verdict') await printJson(report, signal);
    };
  }
  if (flags.check) {
    return async (report) => {
      if (report.type === 'verdict') await printLine(verdictLine(report, cleanText), signal);
    };
  }
  const paint = stylesFor();
  const breathe = flags.step ? stepper(end, paint.dim) : reader(flags.speed ?? 1, signal);
  const columns = () => textColumns(process.stdout);
  const printed = (text: string) => print(text, signal);
  return narrator({ print: printed, visible: cleanText, paint, breathe, columns });
}

/** Some 30 characters a second, after a moment to find the place. Nobody reads a pipe. */
const READING = { perCharacterMs: 32, atLeastMs: 400 } as const;

function reader(speed: number, signal: AbortSignal): (characters: number) => Promise<void> {
  return async (characters) => {
    if (process.stdout.isTTY !== true || characters === 0) return;
    const ms = (READING.atLeastMs + characters * READING.perCharacterMs) / speed;
    await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  };
}

function stepper(
  end: AbortController,
  dim: (text: string) => string,
): (characters: number) => Promise<void> {
  return async () => {
    // It must not wrap, or it could not be written over.
    const columns = liveColumns(process.stdout);
    const prompt = cutTo(columns, '        (any key: go on, q: quit)');
    await print(dim(prompt));
    const key = await keyPress(process.stdin, end.signal);
    // The prompt has done its work: the next line takes its place.
    await print(`\r${' '.repeat(prompt.length)}\r`);
    if (key === 'q' || key === '\u0003') end.abort(new Interrupted('SIGINT'));
    end.signal.throwIfAborted();
  };
}

function parseSpeed(text: string): number {
  const speed = /^\d{1,3}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (speed > 0) return speed;
  throw new UsageError(`"${text}" is not a speed`, 'write a number such as 2 or 0.5');
}
