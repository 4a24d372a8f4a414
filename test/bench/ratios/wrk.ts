// HTTP load by wrk, one thread: what a server does for clients that are not its own.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

export interface HttpLoad {
  readonly url: string;
  readonly path: string;
  /** One is chosen after the other. */
  readonly bodies: readonly string[];
}

const run = promisify(execFile);

export async function wrk(load: HttpLoad, connections: number, seconds: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'replog-wrk-'));
  let stdout: string;
  try {
    const script = join(folder, 'load.lua');
    writeFileSync(script, luaOf(load));
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, load.url];
    ({ stdout } = await run('wrk', args));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const [, perSecond, p50, p99, failed] =
    /RESULT ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/.exec(stdout) ?? [];
  return {
    perSecond: Number(perSecond),
    p50: Number(p50),
    p99: Number(p99),
    failed: Number(failed),
  };
}

function luaOf({ path, bodies }: HttpLoad): string {
  const list = bodies.map((body) => `[==[${body}]==]`).join(',\n');
  return `
local bodies = {${list}}
local requests = {}
local i = 0
function init(args)
  local headers = { ["content-type"] = "application/json" }
  for k, body in ipairs(bodies) do requests[k] = wrk.format("POST", "${path}", headers, body) end
end
function request()
  i = i % #requests + 1
  return requests[i]
end
function done(summary, latency, requests)
  local seconds = summary.duration / 1e6
  local p50, p99 = latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  local failed = summary.errors.status + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %f %f %f %d\\n", summary.requests / seconds, p50, p99, failed))
end
`;
}
