// Keeps the code that V8 has compiled of dist/cli/serving.cjs: an arbiter, a master and a secondary
// start in this process, take a message, and stop, so that what every node needs is in it.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { codeOf, loadCompiled } from '../bin/compiled.js';

const file = fileURLToPath(new URL('../dist/cli/serving.cjs', import.meta.url));

// Code that was compiled under other flags than those at the start would be refused.
v8.setFlagsFromString = () => undefined;

const { exports, script } = loadCompiled(file);
const ends = [];

/** Who waits for an event of a service. */
const waiting = new Set();
const event = (fits) => new Promise((resolve) => waiting.add({ fits, resolve }));

process.stdout.write = (text) => {
  for (const line of text.trimEnd().split('\n')) {
    const said = JSON.parse(line);
    for (const one of waiting) {
      if (!one.fits(said)) continue;
      waiting.delete(one);
      one.resolve(said);
    }
  }
  return true;
};

/** Starts a service as the command line does; resolves with its URL. */
async function serve(...args) {
  const listening = event((said) => said.event === 'listening');
  const flags = ['--memory', '--port', '0', '--json', '--log-level', 'silent'];
  const ended = exports.main([process.execPath, 'replog', ...args, ...flags]);
  ends.push(ended);
  const said = await Promise.race([listening, ended]);
  if (said === undefined) throw new Error(`replog ${args.join(' ')} did not start`);
  return said.url;
}

async function answer(path, init = {}) {
  const response = await fetch(path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text}`);
  return text;
}

const arbiter = await serve('arbiter', '--secondaries', '1');
const one = await serve('node', '--id', 'n1', '--join', arbiter, '--faults');
const writable = event((said) => said.mode === 'read-write');
await serve('node', '--id', 'n2', '--join', arbiter, '--faults');
await writable;
await answer(`${one}/messages`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message: 'compiled', w: 2, timeoutMs: 10_000 }),
});
for (const path of ['/health', '/messages', '/readyz']) await answer(one + path);
process.kill(process.pid, 'SIGTERM');
await Promise.all(ends);
writeFileSync(codeOf(file), script.createCachedData());
process.exit(0);
