// A copy of the sources that has many plants, of which one, or none, is there at a time: a module
// with plants is there once as it is and once with each, and what imports it gets that of which it
// is the turn (turns.ts).

import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OnLoadResult, Plugin } from 'esbuild';
import { bundle } from '../setup/bundled.ts';
import type { Edit, Plant } from './plant.ts';
import { edited } from './planted-copy.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TURNS = fileURLToPath(new URL('turns.ts', import.meta.url));
const RUN = new URL('bank-run.ts', import.meta.url);

/** What a file exports under a name, apart from types. */
const EXPORT = /^export (?:async function|function|class|const) (\w+)/gm;
const TYPE = /^export (?:interface|type) /gm;

/** File → number of the plant → what it edits there. */
type Planted = ReadonlyMap<string, ReadonlyMap<number, readonly Edit[]>>;

function plantedFiles(plants: readonly Plant[]): Planted {
  const files = new Map<string, Map<number, Edit[]>>();
  for (const [number, { edits }] of plants.entries()) {
    for (const edit of edits) {
      const path = join(ROOT, edit.file);
      const versions = files.get(path) ?? new Map<number, Edit[]>();
      files.set(path, versions.set(number, [...(versions.get(number) ?? []), edit]));
    }
  }
  return files;
}

/** Stands for the file: exports what it exports, of the version whose turn it is. */
function changing(text: string, path: string, numbers: readonly number[]): string {
  const names = [...text.matchAll(EXPORT)].map(([, name]) => name!);
  const others = text.match(TYPE)?.length ?? 0;
  if (text.match(/^export /gm)?.length !== names.length + others) {
    throw new Error(`${path} exports something in a way that is not known here`);
  }
  const version = (number: number | string) => JSON.stringify(`${number}:${path}`);
  return [
    `import { follow } from ${JSON.stringify(TURNS)};`,
    `import * as plain from ${version('plain')};`,
    ...numbers.map((number) => `import * as v${number} from ${version(number)};`),
    `const versions = new Map([${numbers.map((number) => `[${number}, v${number}]`).join(', ')}]);`,
    `export let ${names.map((name) => `${name} = plain.${name}`).join(', ')};`,
    `follow((plant) => { ({ ${names.join(', ')} } = versions.get(plant) ?? plain); });`,
  ].join('\n');
}

function inTurn(planted: Planted): Plugin {
  const load = async (path: string): Promise<OnLoadResult> => {
    const numbers = [...planted.get(path)!.keys()];
    const contents = changing(await readFile(path, 'utf8'), path, numbers);
    return { contents, loader: 'ts', resolveDir: dirname(path) };
  };
  const loadVersion = async (version: string): Promise<OnLoadResult> => {
    const [, number, path] = /^(\w+):(.*)$/.exec(version)!;
    const edits = planted.get(path!)!.get(Number(number)) ?? [];
    const contents = edited(await readFile(path!, 'utf8'), edits);
    return { contents, loader: 'ts', resolveDir: dirname(path!) };
  };
  const names = [...planted.keys()].map((path) => basename(path).replaceAll('.', '\\.'));
  return {
    name: 'plants in turn',
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: /^(?:plain|\d+):/ }, ({ path }) => ({ path, namespace: 'version' }));
      onResolve({ filter: new RegExp(`/(?:${names.join('|')})$`) }, ({ path, resolveDir }) => {
        const whole = resolve(resolveDir, path);
        return planted.has(whole) ? { path: whole, namespace: 'changing' } : undefined;
      });
      onLoad({ filter: /./, namespace: 'changing' }, ({ path }) => load(path));
      onLoad({ filter: /./, namespace: 'version' }, ({ path }) => loadVersion(path));
    },
  };
}

/** Bundles `bank-run.ts` with the sources and all these plants, each known by its place. */
export async function changingCopy(plants: readonly Plant[], folder: string): Promise<string> {
  const outfile = join(folder, 'bank.mjs');
  await bundle(RUN, outfile, [inTurn(plantedFiles(plants))]);
  return outfile;
}
