// A copy of the compiled program with a bug planted in its sources: what finds bugs must find this.

import { copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A change to one source file. `search` must stand there exactly once. */
export interface Patch {
  /** From the project's root. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/** Builds the mutant in this folder; returns the file that runs it. */
export async function buildMutant(folder: string, patches: readonly Patch[]): Promise<string> {
  const texts = new Map<string, string>();
  for (const { file, search, replace } of patches) {
    const path = join(ROOT, file);
    const text = texts.get(path) ?? (await readFile(path, 'utf8'));
    if (text.split(search).length !== 2) {
      throw new Error(`${file} does not hold this exactly once: ${search}`);
    }
    texts.set(
      path,
      text.replace(search, () => replace),
    );
  }
  const planted: Plugin = {
    name: 'planted',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = texts.get(path);
        return contents === undefined ? null : { contents, loader: 'ts' };
      });
    },
  };
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli/main.ts'],
    outdir: join(folder, 'dist'),
    outbase: 'src',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    plugins: [planted],
    banner: {
      js:
        "import { createRequire } from 'node:module';" +
        'const require = createRequire(import.meta.url);',
    },
  });
  await mkdir(join(folder, 'bin'));
  await cp(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'bin', 'replog.js');
}
