// Bundles the program into dist/. A node that loads its dependencies file by file spends twice the
// time of its start on finding and reading them; three nodes on two cores feel that.
//
// The client is bundled with the same chunks, and the licences of what went in are put beside them.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(join(root, 'dist/chunks'), { recursive: true, force: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts', 'src/client/client.ts'],
  outdir: 'dist',
  outbase: 'src',
  // Two folders deep, as the sources are: paths relative to a module stay right.
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  metafile: true,
  logLevel: 'warning',
  // React's build for developers is larger, slower, and keeps a record of every update.
  // DEV would have Ink load the tools of React's developers.
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  // Ink asks for it in development only, where it is not installed.
  alias: { 'react-devtools-core': './build/nothing.js' },
  // Dependencies that are CommonJS ask for Node's modules with `require`.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});

// The scenarios are data: beside the program, as they stand in the sources.
const scenarios = join(root, 'dist/scenarios');
mkdirSync(scenarios, { recursive: true });
for (const file of readdirSync(scenarios)) {
  if (file.endsWith('.yaml')) rmSync(join(scenarios, file));
}
for (const file of readdirSync(join(root, 'src/scenarios'))) {
  if (file.endsWith('.yaml')) cpSync(join(root, 'src/scenarios', file), join(scenarios, file));
}

/** The folder of a package, from the path of one of its files. */
function packageOf(path) {
  const parts = path.split('/');
  const at = parts.lastIndexOf('node_modules');
  if (at === -1) return null;
  const length = parts[at + 1].startsWith('@') ? 3 : 2;
  return parts.slice(0, at + length).join('/');
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json')));
  for (const file of ['LICENSE', 'LICENSE.md', 'license', 'LICENSE.txt', 'LICENCE', 'license.md']) {
    try {
      return `${name} ${version}\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}`;
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  return `${name} ${version}\n\nLicence: ${license}`;
}

const packages = new Set(Object.keys(metafile.inputs).map(packageOf).filter(Boolean));
const licences = [...packages].sort().map(licenceOf);
const target = join(root, 'dist', 'THIRD-PARTY-LICENCES.txt');
writeFileSync(target, `${licences.join(`\n\n${'-'.repeat(72)}\n\n`)}\n`);
