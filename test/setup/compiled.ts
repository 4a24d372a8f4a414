// The program's modules and the tests' own, but for the files with tests: compiled one by one
// before the tests begin, and imported by Node itself. By the test runner every imported name is
// looked up at every use, and each worker is handed every module by the runner's one process: an
// eighth more processor time. The rule: by the runner or by Node, a module is the same one.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type OutputFile, type Plugin as Transformer } from 'esbuild';
import type { Plugin } from 'vitest/config';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMPILED = join(ROOT, '.compiled');

const MODULE = /\.tsx?$/;

/** Whether it is one that is compiled; `path`: from the project's folder on. */
const isOurs = (path: string): boolean =>
  /^(?:src|test)\//.test(path) && MODULE.test(path) && !/\.test\.tsx?$/.test(path);

/** What the runner leaves to Node. */
const BY_NODE = /\/\.compiled\/.*\.js$/;

function modules(): string[] {
  return ['src', 'test']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter(isOurs)
    .map((path) => join(ROOT, path));
}

/** Leaves each module a file of its own, in which `import.meta.url` is that of its source: what it
 * finds beside itself stays where it is. */
const oneByOne: Transformer = {
  name: 'one by one',
  setup(transforming) {
    transforming.onResolve({ filter: MODULE }, ({ path, kind }) =>
      kind === 'entry-point' ? null : { path: path.replace(MODULE, '.js'), external: true },
    );
    transforming.onLoad({ filter: MODULE }, async ({ path }) => ({
      contents: `const SOURCE_URL = '${pathToFileURL(path).href}'; ${await readFile(path, 'utf8')}`,
      loader: path.endsWith('x') ? 'tsx' : 'ts',
    }));
  },
};

async function compile(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: modules(),
    outdir: COMPILED,
    outbase: ROOT,
    bundle: true,
    write: false,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    jsx: 'automatic',
    define: { 'import.meta.url': 'SOURCE_URL' },
    logLevel: 'warning',
    plugins: [oneByOne],
  });
  keep(outputFiles);
}

/** Nothing that is as it should be is touched: another run may be using it. */
function keep(files: readonly OutputFile[]): void {
  const wanted = new Map(files.map(({ path, contents }) => [path, Buffer.from(contents)]));
  mkdirSync(COMPILED, { recursive: true });
  const there = readdirSync(COMPILED, { recursive: true, encoding: 'utf8', withFileTypes: true });
  for (const entry of there.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = wanted.get(path);
    if (bytes === undefined) rmSync(path);
    else if (bytes.equals(readFileSync(path))) wanted.delete(path);
  }
  for (const [path, bytes] of wanted) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

/** Once for all projects. */
let ready: Promise<void> | undefined;

/** Has tests import what is compiled where they name a module of the project. */
export function compiled(): Plugin {
  return {
    name: 'compiled modules',
    enforce: 'pre',
    // Who watches has the runner tell what has changed.
    apply: () => process.argv.includes('run'),
    config: () => ({ test: { server: { deps: { external: [BY_NODE] } } } }),
    async buildStart() {
      ready ??= compile();
      await ready;
    },
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.')) return null;
      const path = resolve(dirname(importer), source);
      const place = relative(ROOT, path);
      return isOurs(place) ? join(COMPILED, place.replace(MODULE, '.js')) : null;
    },
  };
}
