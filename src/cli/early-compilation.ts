// Has V8 compile hot functions earlier than it would. A node does little per append, but in many
// functions: by V8's own measure it takes some ten thousand appends until all of them are compiled,
// and until then an append costs several times as much. From Node 22 on there is a compiler in
// between (Maglev), and nothing to do.

import { setFlagsFromString } from 'node:v8';

/** Bytecode that a function runs before it is looked at again. V8 of Node 20 has 67,584. */
const BUDGET_BYTES = 10_000;

const MAGLEV_SINCE = 22;

/**
 * Called once, when the modules of a server are loaded: what runs only while they load is not worth
 * a compilation, and code that was kept (bin/compiled.js) would be refused after it.
 */
export function compileEarly(): void {
  const major = Number.parseInt(process.versions.node, 10);
  if (major >= MAGLEV_SINCE) return;
  setFlagsFromString(`--interrupt-budget=${BUDGET_BYTES}`);
  // What types a function meets is noted from its first call on.
  setFlagsFromString('--no-lazy-feedback-allocation');
}
