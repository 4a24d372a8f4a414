// Makes a copy of the sources with a planted bug in it, bundled with `hunt.ts`, and runs it. The
// sources themselves have no switches, and are never touched.

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { bundle } from '../setup/bundled.ts';
import { FRUGAL, optimizedAfter } from '../setup/frugal.ts';
import { givingWay } from '../setup/giving-way.ts';
import type { Edit, Plant } from './plant.ts';
import type { Find } from './seed-run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HUNT = new URL('hunt.ts', import.meta.url);

/** A copy that runs few seeds of one kind: to optimize what it runs, as early as V8 does by itself,
 * takes longer than the seeds, and half as early still does. */
const UNHURRIED = optimizedAfter(600_000);

const FEW_SEEDS = 50;

/** Who found it where a copy did not end within its time. */
export const ENDLESS = 'the run ends';

/** The text after the edits. Throws if an edit does not fit exactly once. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { file, replace, search } of edits) {
    const times = text.split(search).length - 1;
    if (times !== 1) throw new Error(`${file} has ${times} times: ${search}`);
    result = result.replace(search, () => replace);
  }
  return result;
}

function planting(edits: readonly Edit[]): Plugin {
  return {
    name: 'planting',
    setup: ({ onLoad }) => {
      // Only of these files esbuild asks: to be asked of every file takes longer than the rest.
      const named = edits.map(({ file }) => file.replaceAll('.', '\\.')).join('|');
      onLoad({ filter: new RegExp(`/(?:${named})$`) }, async ({ path }) => {
        const file = relative(ROOT, path);
        const mine = edits.filter((edit) => edit.file === file);
        return { contents: edited(await readFile(path, 'utf8'), mine), loader: 'ts' };
      });
    },
  };
}

/** Bundles the sources with the plant in them (null: as they are) and what runs them; returns the
 * file to run. */
export async function plantedCopy(
  plant: Plant | null,
  folder: string,
  name: string,
  run: URL = HUNT,
): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await bundle(run, outfile, plant === null ? [] : [planting(plant.edits)]);
  return outfile;
}

/**
 * Runs seeds on a copy until something is found; resolves with what each seed came to, the find
 * last. A copy that takes longer than `limitMs` for one of them (a planted bug may turn in circles)
 * is ended, and counts as found.
 */
export async function hunt(
  copy: string,
  seeds: readonly number[] | { readonly from: number; readonly to: number },
  limitMs: number,
): Promise<Find[]> {
  const range = 'from' in seeds;
  const args = range ? [String(seeds.from), String(seeds.to)] : [seeds.join()];
  const count = range ? seeds.to - seeds.from + 1 : seeds.length;
  return finds([...FRUGAL, ...(count <= FEW_SEEDS ? UNHURRIED : []), copy, ...args], limitMs);
}

/** What each of these turns (bank-run.ts) of a changing copy came to, as far as it gets. */
export function takeTurns(
  copy: string,
  turns: readonly string[],
  limitMs: number,
): Promise<Find[]> {
  return finds([...FRUGAL, ...UNHURRIED, copy, ...turns], limitMs);
}

async function finds(command: readonly string[], limitMs: number): Promise<Find[]> {
  const child = givingWay(spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] }));
  const found: Find[] = [];
  let trouble = '';
  let late = false;
  child.stderr.on('data', (chunk) => {
    trouble = `${trouble}${chunk}`.slice(-1_000);
  });
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limitMs);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    found.push(JSON.parse(line) as Find);
    timer.refresh();
  }
  const code = await ended;
  clearTimeout(timer);
  if (late || code !== 0) {
    const seed = (found.at(-1)?.seed ?? 0) + 1;
    const sentence = late ? `no end of this seed within ${limitMs} ms` : trouble;
    found.push({ seed, judge: late ? ENDLESS : 'the run broke off', sentence });
  }
  return found;
}
