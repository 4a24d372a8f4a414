// `replog fault`: breaks a node on purpose, and mends it.

import type { Command } from 'commander';
import type { FaultReport, Faults } from '../../client/answers.ts';
import type { ReplogClient } from '../../client/client.ts';
import { faultWord, faultWords } from '../../client/fault-words.ts';
import { ProblemError } from '../../client/problems.ts';
import { parseFaults } from '../arguments/fault-settings.ts';
import { type Candidate, nodesAt, SELECTORS, targetFor } from '../arguments/node-selection.ts';
import { eachAnswering } from '../cluster/each-node.ts';
import { NothingThere } from '../cluster/no-node.ts';
import { addTargetOptions, connect, type TargetOptions } from '../cluster/target.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine } from '../printing/output.ts';

interface FaultOptions extends TargetOptions {
  readonly json?: true;
}

type Job =
  | { readonly type: 'show' }
  | { readonly type: 'clear' }
  | { readonly type: 'set'; readonly faults: Faults };

const SETTINGS = `
Settings (p is a probability from 0 to 1; what is not named is off):
  delay=500ms, delay=100ms..2s   handle requests late
  error-before=p                 answer 500 without applying
  error-after=p                  apply, then answer 500
  drop-request=p                 swallow the request
  drop-reply=p                   apply, swallow the answer
  hold                           let everything wait until cleared
  heartbeat                      heartbeats are affected too
  persist-fail=p                 writing to disk fails
  persist-swallow=k              k of every k+1 writes to disk are lost silently
  persist-stuck                  writing to disk never ends until cleared
  persist-delay=200ms            writing to disk ends late
  times=n                        only the next n requests
  seed=n                         the same random sequence every time`;

export function register(program: Command): void {
  addTargetOptions(program.command('fault'))
    .description('break a node on purpose: delays, errors, lost messages, a bad disk')
    .argument('<node>', `${SELECTORS}, or a URL`)
    .argument('<setting...>', 'settings as below, or clear, or show')
    .option('--json', 'print one JSON object per node')
    .addHelpText('after', SETTINGS)
    .addHelpText(
      'after',
      examples(
        ['replog fault n2 delay=500ms', 'n2 answers the master late'],
        [
          'replog fault secondary:2 error-after=0.3 seed=1',
          'stores, but says 500 three times in ten',
        ],
        ['replog fault n2 show', 'what is set, and how often it struck'],
        ['replog fault all clear', 'no more faults anywhere'],
      ),
    )
    .action(fault);
}

async function fault(
  selector: string,
  settings: readonly string[],
  options: FaultOptions,
): Promise<void> {
  const job = jobOf(settings);
  const target = await targetFor(selector, options);
  await untilInterrupted(async (signal) => {
    await eachAnswering(await nodesAt(selector, target, signal), async (node) => {
      const report = await perform(job, await connect(target, node.url), node, signal);
      const { node: name, url } = node;
      await (options.json
        ? printJson({ node: name, url, ...report })
        : printLine(cleanText(`${name}: ${textOf(report, job)}`)));
    });
  });
}

function jobOf(settings: readonly string[]): Job {
  const [first, ...more] = settings;
  if (more.length === 0 && (first === 'show' || first === 'clear')) return { type: first };
  return { type: 'set', faults: parseFaults(settings) };
}

async function perform(
  job: Job,
  client: ReplogClient,
  { node, url }: Candidate,
  signal: AbortSignal,
): Promise<FaultReport> {
  try {
    if (job.type === 'clear') await client.clearFaults({ signal });
    if (job.type === 'set') await client.setFaults(job.faults, { signal });
    return await client.getFaults({ signal });
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) {
      throw new NothingThere(url, `${node} has no faults to set`, 'start the node with --faults');
    }
    throw error;
  }
}

function textOf({ faults, hits }: FaultReport, job: Job): string {
  const struck = Object.entries(hits ?? {}).filter(([, count]) => count > 0);
  const counts = struck.map(([name, count]) => `${faultWord(name)} ${count}`);
  const shown = faultWords(faults ?? {}) || 'no faults';
  return job.type === 'show' && counts.length > 0
    ? `${shown} (struck: ${counts.join(', ')})`
    : shown;
}
