#!/usr/bin/env node
// Runs the compiled program; in a checkout that is not built, the sources through tsx.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadCompiled } from './compiled.js';

const inPackage = (path) => new URL(`../${path}`, import.meta.url);

/** The commands that are bundled in a file of their own (src/cli/serving.ts). */
const SERVING = new Set(['cluster', 'master', 'secondary', 'node', 'arbiter']);

// Loading takes time, and who starts a server may change his mind. What ends in the background is
// not this process.
const command = process.argv.slice(2).find((word) => !word.startsWith('-'));
if (SERVING.has(command) && !process.argv.includes('--detach')) {
  (await import('./early-end.js')).endEarly(command);
}

const main = inPackage('dist/cli/main.js');
const serving = inPackage('dist/cli/serving.cjs');
if (SERVING.has(process.argv[2]) && existsSync(serving)) {
  await loadCompiled(fileURLToPath(serving)).exports.main(process.argv);
} else if (existsSync(main)) {
  await (await import(main.href)).main(process.argv);
} else {
  // tsx looks for tsconfig.json in the caller's folder unless it is told where ours is.
  const { register } = await import('tsx/esm/api');
  register({ tsconfig: fileURLToPath(inPackage('tsconfig.json')) });
  await (await import(inPackage('src/cli/main.ts').href)).main(process.argv);
}
