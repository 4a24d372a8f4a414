// Starts the load of a system's own client.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Measured } from './wrk.ts';

const PROGRAM = fileURLToPath(new URL('client-load.mjs', import.meta.url));
const run = promisify(execFile);

export async function clientLoad(
  kind: 'replog' | 'redis' | 'nats',
  url: string,
  load: { readonly connections: number; readonly batch: number; readonly seconds: number },
): Promise<Measured> {
  const { connections, batch, seconds } = load;
  const args = [PROGRAM, kind, url, ...[connections, batch, seconds].map(String)];
  const { stdout } = await run(process.execPath, args, { timeout: (seconds + 60) * 1_000 });
  return JSON.parse(stdout) as Measured;
}
