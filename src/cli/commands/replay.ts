// `replog replay`: plays a recorded run of chaos on a fresh cluster, and judges it anew.

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { textOf } from '../arguments/input-file.ts';
import { refuseRecorded } from '../arguments/record-file.ts';
import { UsageError } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { examples } from '../printing/examples.ts';

interface ReplayOptions {
  readonly record?: string;
  readonly json?: boolean;
}

const NAME_ONE = 'name a file that `replog chaos --record` wrote';

export function register(program: Command): void {
  program
    .command('replay')
    .description('do again what a run of chaos did, on a fresh cluster, and judge what comes of it')
    .argument('<file>', 'what `replog chaos --record` wrote')
    .option('--record <file>', 'write down this run as well')
    .option('--json', 'print one JSON object per event')
    .addHelpText(
      'after',
      `${examples(
        ['replog chaos --record run.jsonl', 'a run to come back to'],
        ['replog replay run.jsonl', 'the same faults and requests, at the same moments'],
      )}\nExit code: 0 all guarantees held, 1 one is broken, 4 it cannot be told.\n`,
    )
    .action(replay);
}

async function replay(file: string, { record, json = false }: ReplayOptions): Promise<void> {
  if (record !== undefined && resolve(record) === resolve(file))
    throw new UsageError('--record names the file that is played', 'name another one');
  if (record !== undefined) refuseRecorded(record);
  const { BadRecording, scriptOf } = await import('../../chaos/script.ts');
  const { runSession, throwawayGround } = await import('../experiments/chaos-session.ts');
  const text = textOf(file, NAME_ONE);
  let script: ReturnType<typeof scriptOf>;
  try {
    script = scriptOf(text);
  } catch (error) {
    if (!(error instanceof BadRecording)) throw error;
    throw new UsageError(`${file} cannot be played: ${error.message}`, NAME_ONE);
  }
  const { seed, nodes, durationMs, failover = false } = script.run;
  const ids = nodes.map((_, place) => `n${place + 1}`);
  if (nodes.some((node) => !ids.includes(node))) {
    throw new UsageError(
      `${file} is of a cluster with the nodes ${nodes.join(' ')}`,
      'only runs on n1, n2, … can be played on a fresh cluster',
    );
  }
  await untilInterrupted(async (signal) => {
    const ground = await throwawayGround({ secondaries: nodes.length - 1, failover }, signal);
    const untilCovered = false;
    const settings = { seed, tag: '', durationMs, untilCovered, script, record, json };
    try {
      await runSession(ground, settings, signal);
    } finally {
      await ground.leave();
    }
  });
}
