// Bundles a file of TypeScript with all that it imports, to run it as a process of its own.

import { fileURLToPath } from 'node:url';
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
