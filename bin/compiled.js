// Loads a CommonJS file together with the code that V8 made of it when the package was built: a
// third less to do before a node serves. V8 itself refuses code of another version, of other flags
// or for another processor, and then compiles as ever.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/** Where the code of a file is kept. */
export const codeOf = (file) => `${file}.code`;

/** Runs the file; its exports, and the script, from which code can be kept. */
export function loadCompiled(file) {
  // The bundler writes nothing but ASCII: this is the quickest way to read it.
  const source = readFileSync(file, 'latin1');
  const names = 'exports, require, module, __filename, __dirname, importBeside';
  const script = new Script(`(function (${names}) {${source}\n})`, {
    // Kept with the code, for the lines of errors: a whole path would be that of who built it.
    filename: basename(file),
    cachedData: keptCode(codeOf(file)),
  });
  const module = { exports: {} };
  const importBeside = (path) => import(new URL(path, pathToFileURL(file)).href);
  const run = script.runInThisContext();
  run(module.exports, createRequire(file), module, file, dirname(file), importBeside);
  return { exports: module.exports, script };
}

function keptCode(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}
