// Bundles the program into dist/. A node that loads its dependencies file by file spends twice the
// time of its start on finding and reading them; three nodes on two cores feel that.
//
// The client is a file of its own, and the licences of what went in are put beside it all.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

// Nothing of the last build stays. V8 tells a script from another by its length alone: kept code would
// be run with the text of this build where both are equally long.
rmSync(join(root, 'dist'), { recursive: true, force: true });

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  metafile: true,
  logLevel: 'warning',
  // React's build for developers is larger, slower, and keeps a record of every update.
  // DEV would have Ink load the tools of React's developers.
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  alias: {
    // Ink asks for it in development only, where it is not installed.
    'react-devtools-core': './build/nothing.js',
    'node:http2': './build/no-http2.js',
  },
};

const DASHBOARD = { filter: /\/src\/cli\/dashboard\.ts$/ };

function outside({ path }) {
  const parts = readFileSync(path, 'utf8').split("import('./dashboard-parts.ts')");
  if (parts.length !== 2) throw new Error(`${path} imports the dashboard in another way`);
  return { contents: parts.join("importBeside('./dashboard-parts.js')"), loader: 'ts' };
}

const program = await build({
  ...common,
  entryPoints: ['src/cli/main.ts', 'src/cli/dashboard-parts.ts'],
  outdir: 'dist',
  outbase: 'src',
  // Two folders deep, as the sources are: paths relative to a module stay right.
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  format: 'esm',
  // Dependencies that are CommonJS ask for Node's modules with `require`.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});

// Without the banner: whoever uses it may bundle it once more, as a script in which import.meta is
// empty, and createRequire then throws while the program loads.
const client = await build({
  ...common,
  entryPoints: ['src/client/client.ts'],
  outfile: 'dist/client/client.js',
  format: 'esm',
});

// What serves, in one file and as a script: its compiled code can be kept (code.js).
const serving = await build({
  ...common,
  entryPoints: ['src/cli/serving.ts'],
  outfile: 'dist/cli/serving.cjs',
  format: 'cjs',
  define: { ...common.define, 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  // Kept code has forgotten how to import: what Node brings is required, and the dashboard, a module
  // that waits while it loads and so cannot be, is imported by who loads the file (bin/compiled.js).
  supported: { 'dynamic-import': false },
  plugins: [{ name: 'dashboard-outside', setup: ({ onLoad }) => onLoad(DASHBOARD, outside) }],
});
execFileSync(process.execPath, [join(root, 'build/code.js')], { stdio: 'inherit' });

// The scenarios are data: beside the program, as they stand in the sources.
const scenarios = join(root, 'dist/scenarios');
mkdirSync(scenarios, { recursive: true });
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

const inputs = [program, client, serving].flatMap(({ metafile }) => Object.keys(metafile.inputs));
const packages = new Set(inputs.map(packageOf).filter(Boolean));
const licences = [...packages].sort().map(licenceOf);
const target = join(root, 'dist', 'THIRD-PARTY-LICENCES.txt');
writeFileSync(target, `${licences.join(`\n\n${'-'.repeat(72)}\n\n`)}\n`);
