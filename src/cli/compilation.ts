// What V8 is told about compiling: hot functions of a server earlier than it would, and the parser
// of HTTP answers much later.

import { setFlagsFromString } from 'node:v8';

/** Bytecode that a function runs before it is looked at again. V8 of Node 20 has 67,584. */
const BUDGET_BYTES = 10_000;

const MAGLEV_SINCE = 22;

/** The latest version of Node that is known to have the setting: V8 says on stderr what it does not
 * know. */
const PARSER_BUDGET_UNTIL = 24;

/** How much a WebAssembly function runs, by V8's own measure, before it is compiled once more. V8
 * of Node 20 has 1,800,000, and keeps the number in 32 bits. Empty where V8 may not know it. */
export const LATE_PARSER: readonly string[] =
  nodeVersion() > PARSER_BUDGET_UNTIL ? [] : ['--wasm-tiering-budget=2000000000'];

/**
 * Has V8 compile hot functions earlier than it would. A node does little per append, but in many
 * functions: by V8's own measure it takes some ten thousand appends until all of them are compiled,
 * and until then an append costs several times as much. From Node 22 on there is a compiler in
 * between (Maglev), and nothing to do.
 *
 * Called once, when a server has its first work: neither what runs while its modules load nor what
 * an idle node does twice a second is worth a compilation, and code that was kept
 * (bin/compiled.js) may be refused after it.
 */
export function compileEarly(): void {
  if (nodeVersion() >= MAGLEV_SINCE) return;
  setFlagsFromString(`--interrupt-budget=${BUDGET_BYTES}`);
  // What types a function meets is noted from its first call on.
  setFlagsFromString('--no-lazy-feedback-allocation');
}

/**
 * Has V8 take its time with undici's parser of HTTP answers, which is one large function. By V8's
 * own measure it is compiled for speed after the first answer, for a quarter of a second of another
 * thread, in every process of a cluster that starts: a third of what they all do until they are
 * ready. With this it is after 300 answers or more, and what runs for long has its speed.
 *
 * Called once, when the program's own modules are loaded and none has asked for anything yet.
 */
export function compileParserLate(): void {
  for (const flag of LATE_PARSER) setFlagsFromString(flag);
}

function nodeVersion(): number {
  return Number.parseInt(process.versions.node, 10);
}
