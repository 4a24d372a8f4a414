// What `replog sim` says.

import { execFileSync } from 'node:child_process';
import type { FailedSeed, Totals } from '../../sim/campaign.ts';
import { drawWrite } from '../../sim/drawing.ts';
import type { ClientOperation, Plan } from '../../sim/plan/plan.ts';
import type { Trial } from '../../sim/trial.ts';
import { formatDuration } from '../arguments/duration.ts';
import { cleanText } from './clean-text.ts';
import { counted } from './counted.ts';

/** Findings shown of one seed: the first one leads to the others. */
const FINDINGS_SHOWN = 5;

export function rate({ seeds, events }: Totals, ms: number): string {
  const perSecond = (count: number): number => (count * 1_000) / Math.max(ms, 1);
  return `${perSecond(seeds).toFixed(1)} seeds/s, ${Math.round(perSecond(events))} events/s`;
}

/** A campaign. */
export function summary(totals: Totals, wrong: readonly string[], ms: number): string[] {
  const { acknowledged, counted: whole, events, excused, failed, seeds } = totals;
  const verdict = failed.length > 0 ? 'FAILED' : wrong.length > 0 ? 'INCOMPLETE' : 'OK';
  return [
    `${counted(seeds, 'seed', 'seeds')} in ${formatDuration(ms)}: ${rate(totals, ms)}`,
    `${events} events, ${Math.round(events / Math.max(seeds, 1))} a seed`,
    `${counted(whole, 'seed', 'seeds')} with acknowledgements before, during and after the faults`,
    `${acknowledged} writes acknowledged; ${excused} lost with every node that had to keep them`,
    `hits: ${hitsOf(totals)}`,
    ...wrong,
    verdict,
  ];
}

/** One run. */
export function oneSeed({ acknowledged, counts, findings, run }: Trial): string[] {
  const { before, during, after } = acknowledged;
  const heard = `${before} before, ${during} during, ${after} after the faults`;
  const hits = [...run.hits].map(([kind, count]) => `${kind} ${count}`).join(', ');
  return [
    `seed ${run.plan.seed}: ${run.events} events, trace ${run.hash}`,
    `writes acknowledged: ${heard}${counts ? '' : ' (does not count)'}`,
    `hits: ${hits || 'none'}`,
    findings.length === 0 ? 'OK' : 'FAILED',
  ];
}

export function findingLines({ seed, findings }: FailedSeed): string[] {
  const shown = findings.slice(0, FINDINGS_SHOWN);
  const lines = shown.map(({ judge, sentence }) => cleanText(`  ${judge}: ${sentence}`));
  return [`seed ${seed} failed:`, ...lines];
}

/** The schedule of a run, as it was drawn or shrunk. */
export function planLines({ faults, operations, shape }: Plan, runs: number): string[] {
  const nodes = shape.nodes.map(({ id, durable }) => (durable ? id : `${id} (memory)`));
  const { arbiter, size } = shape;
  return [
    `the smallest schedule that still fails (${runs} runs):`,
    `  nodes ${nodes.join(' ')}, arbiter ${arbiter}, size ${size ?? 'not configured'}`,
    ...faults.map(({ at, kind, node, peer, amount, forMs }) => {
      return `  at ${at} ms: ${kind} ${node} (${peer}, ${amount}) for ${forMs} ms`;
    }),
    ...operations.map((operation) => `  at ${operation.at} ms: ${operationLine(operation)}`),
    'its trace:',
  ];
}

/** A row of the table in docs/ledger.md. */
export function ledgerRow(totals: Totals, from: number, wrong: readonly string[]): string {
  const { counted: whole, events, failed, seeds } = totals;
  const verdict = failed.length > 0 ? `seed ${failed[0]!.seed} fails` : wrong.join('; ') || 'OK';
  const range = `${from}…${from + seeds - 1}`;
  return `| ${commit()} | ${range} | ${whole} | ${events} | ${hitsOf(totals)} | ${verdict} |`;
}

function operationLine(operation: ClientOperation): string {
  if (operation.type !== 'write') {
    const { client, key, node, read, type } = operation;
    return `${client} reads ${type === 'get' ? key : 'the log'} of ${node} (${read})`;
  }
  const { client, key, operations, timeoutMs, w } = operation;
  const how = { w, ...(timeoutMs === null ? {} : { timeoutMs }), ...(key === null ? {} : { key }) };
  return cleanText(`${client}: ${drawWrite(operations, how)}`);
}

function hitsOf({ hits }: Totals): string {
  return Object.entries(hits)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
}

function commit(): string {
  try {
    const args = ['rev-parse', '--short', 'HEAD'];
    return execFileSync('git', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    // Not run in a checkout.
    return 'unknown';
  }
}
