// A build of the program in which one thing is broken on purpose: the sources with a patch, bundled
// into a folder of its own. What it is good for: a demo that passes on it shows nothing.

import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** As in build/bundle.js: dependencies that are CommonJS ask for it. */
const REQUIRE = [
  "import { createRequire } from 'node:module';",
  'const require = createRequire(import.meta.url);',
].join(' ');

/** One place in one file; the text must be there exactly once. */
export interface Patch {
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/** Builds it into the folder; returns the path of its program. */
export async function buildMutant(folder: string, patches: readonly Patch[]): Promise<string> {
  const left = new Set(patches);
  const target = join(folder, 'dist');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli/main.ts'],
    outdir: target,
    outbase: 'src',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    alias: { 'react-devtools-core': './build/nothing.js' },
    banner: { js: REQUIRE },
    plugins: [
      {
        name: 'patch',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
            const file = relative(ROOT, path);
            let contents = readFileSync(path, 'utf8');
            for (const patch of patches) {
              if (patch.file !== file) continue;
              const { search, replace } = patch;
              if (contents.split(search).length !== 2) {
                throw new Error(`${file} does not hold exactly once: ${search}`);
              }
              contents = contents.replace(search, () => replace);
              left.delete(patch);
            }
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  for (const { file } of left) throw new Error(`${file} is not in the bundle`);
  mkdirSync(join(target, 'scenarios'), { recursive: true });
  const sources = join(ROOT, 'src/scenarios');
  for (const file of readdirSync(sources)) {
    if (file.endsWith('.yaml')) cpSync(join(sources, file), join(target, 'scenarios', file));
  }
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'bin', 'replog.js');
}
