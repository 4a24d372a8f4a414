// Starts the load of a system's own client.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Stretch } from './round.ts';
import type { Measured } from './wrk.ts';

const PROGRAM = fileURLToPath(new URL('client-load.mjs', import.meta.url));
const run = promisify(execFile);

export async function clientLoad(
  kind: 'replog' | 'redis' | 'nats',
  url: string,
  load: Stretch & { readonly connections: number; readonly batch: number },
): Promise<Measured> {
  const { connections, batch, warmUp, seconds } = load;
  const args = [PROGRAM, kind, url, ...[connections, batch, warmUp, seconds].map(String)];
  const { stdout } = await run(process.execPath, args, {
    timeout: (warmUp + seconds + 60) * 1_000,
  });
  return JSON.parse(stdout) as Measured;
}
