// One measurement of one subject, and what its servers used for it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './row.ts';
import { cpuMs, type Subject } from './subject.ts';
import type { Measured } from './wrk.ts';

export interface Sample extends Measured {
  /** Processor time of all its servers per message, in microseconds. */
  readonly cpuUs: number;
}

/** How long the load lasts: a first stretch that does not count, then the one that does. */
export interface Stretch {
  readonly warmUp: number;
  readonly seconds: number;
}

/** Something to start, and the load for it. `messages`: per request. */
export interface Case {
  readonly name: string;
  readonly start: (folder: string) => Promise<Subject>;
  readonly load: (subject: Subject, stretch: Stretch) => Promise<Measured>;
  /** Before the load: e.g. to fill the log. */
  readonly prepare?: (subject: Subject) => Promise<void>;
}

/** Every case once per round, one after the other, so that all of them see the same machine. */
export async function rounds(
  cases: readonly Case[],
  { count, ...stretch }: Stretch & { readonly count: number },
  told: (line: string) => void,
): Promise<Map<string, Sample>> {
  const samples = new Map<string, Sample[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < count; round += 1) {
    // In turn from both ends: whoever is first in one round is last in the next.
    const order = round % 2 === 0 ? cases : cases.toReversed();
    for (const one of order) {
      const sample = await measured(one, stretch);
      samples.get(one.name)!.push(sample);
      const { perSecond, p50, p99, cpuUs } = sample;
      const times = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
      told(`${one.name}: ${Math.round(perSecond)}/s, ${times}, ${cpuUs.toFixed(0)} µs cpu`);
    }
  }
  return new Map([...samples].map(([name, all]) => [name, medianOf(all)]));
}

async function measured({ start, prepare, load }: Case, stretch: Stretch): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), 'replog-ratios-'));
  const subject = await start(folder);
  try {
    await prepare?.(subject);
    const before = cpuMs(subject.pids);
    const startedAt = performance.now();
    const result = await load(subject, stretch);
    const elapsed = (performance.now() - startedAt) / 1_000;
    const messages = result.perSecond * elapsed;
    return { ...result, cpuUs: ((cpuMs(subject.pids) - before) * 1_000) / messages };
  } finally {
    await subject.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function medianOf(samples: readonly Sample[]): Sample {
  return {
    perSecond: median(samples.map(({ perSecond }) => perSecond)),
    p50: median(samples.map(({ p50 }) => p50)),
    p99: median(samples.map(({ p99 }) => p99)),
    failed: Math.max(...samples.map(({ failed }) => failed)),
    cpuUs: median(samples.map(({ cpuUs }) => cpuUs)),
  };
}
