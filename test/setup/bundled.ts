// Bundles a file of TypeScript with all that it imports, to run it as a process of its own or to
// import it. What computes for long computes faster there: the test runner looks up every import at
// every use.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** Writes `outfile`, an ES module for Node. */
export async function bundle(
  entry: URL,
  outfile: string,
  plugins: readonly Plugin[] = [],
): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
    logLevel: 'silent',
    plugins: [...plugins],
  });
}

/** Imports a bundled copy of a module: what runs millions of its functions takes little more than
 * half of the time there. Its classes are not those that a test imports itself. */
export async function importBundled<Module>(entry: URL): Promise<Module> {
  const folder = await mkdtemp(join(tmpdir(), 'replog-bundled-'));
  try {
    const outfile = join(folder, 'module.mjs');
    await bundle(entry, outfile);
    return (await import(pathToFileURL(outfile).href)) as Module;
  } finally {
    await rm(folder, { recursive: true });
  }
}
