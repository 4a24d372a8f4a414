// `replog echo`: round trips to a node, like ping.

import type { Command } from 'commander';
import { formatDuration } from '../arguments/duration.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { addTargetOptions, connect, findTarget, type TargetOptions } from '../cluster/target.ts';
import { Refused } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { counted } from '../printing/counted.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine } from '../printing/output.ts';
import { RoundTrips } from '../round-trips.ts';

interface EchoOptions extends TargetOptions {
  readonly count: number;
  readonly json?: true;
}

export function register(program: Command): void {
  addTargetOptions(program.command('echo'))
    .description('send a text to a node, which sends it back, and measure the way')
    .argument('<text>')
    .option('--count <n>', 'how often', wholeNumber(1, 1_000_000), 1)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        ['replog echo hello', 'one round trip'],
        ['replog echo hello --count 100', 'minimum, average and maximum of a hundred'],
      ),
    )
    .action(echo);
}

async function echo(text: string, options: EchoOptions): Promise<void> {
  const client = await connect(await findTarget(options));
  const trips = new RoundTrips();
  await untilInterrupted(async (signal) => {
    while (trips.count < options.count) {
      const startedAt = performance.now();
      const back = await client.echo(text, { signal });
      trips.add(performance.now() - startedAt);
      if (back !== text)
        throw new Refused('the node sent back something else', 'name a replog node with --url');
      if (trips.count === 1 && !options.json) await printLine(cleanText(text), signal);
    }
  });
  const { count, spans } = trips;
  const { minMs, avgMs, maxMs } = spans;
  if (options.json) {
    await printJson({ text, count, minMs, avgMs, maxMs });
  } else {
    const measured = [minMs, avgMs, maxMs].map(formatDuration).join(' / ');
    const howMany = counted(count, 'round trip', 'round trips');
    await printLine(`${howMany} to ${client.url}: min/avg/max ${measured}`);
  }
}
