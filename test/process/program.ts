// Runs the compiled program as a user would, and waits for what it says.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exchange } from './wire.ts';

export const ENTRY = fileURLToPath(new URL('../../bin/replog.js', import.meta.url));

/** A line of JSON that the program printed. */
export interface Line {
  readonly event?: string;
  readonly node?: string;
  readonly url?: string;
  readonly pid?: number;
  readonly [member: string]: unknown;
}

/** One running `replog …`. */
export class Program {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  stderr = '';
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  private readonly waiting = new Set<() => void>();
  private ended = false;

  /** `entry`: the program's file, where it is not this checkout's. */
  constructor(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    cwd?: string,
    entry: string = ENTRY,
  ) {
    this.child = spawn(process.execPath, [entry, ...args], {
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    let rest = '';
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      for (const part of parts) this.take(part);
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.ended = true;
        for (const look of this.waiting) look();
        resolve({ code, signal });
      });
    });
  }

  /** Resolves with the first line, printed already or later, that fits. */
  line(fits: (line: Line) => boolean, what: string, timeoutMs = 30_000): Promise<Line> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        settle();
        reject(new Error(`${why} before ${what}\n${JSON.stringify(this.lines)}\n${this.stderr}`));
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
      const look = (): void => {
        const found = this.lines.find(fits);
        if (found !== undefined) {
          settle();
          resolve(found);
        } else if (this.ended) {
          fail('the program ended');
        }
      };
      const settle = (): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
      };
      this.waiting.add(look);
      look();
    });
  }

  event(name: string): Promise<Line> {
    return this.line((line) => line.event === name, `the event ${name}`);
  }

  kill(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    return this.exited;
  }

  /** Ends it, whatever state it is in. */
  async stop(): Promise<void> {
    if (this.ended) return;
    this.child.kill('SIGCONT');
    this.child.kill('SIGTERM');
    const killer = setTimeout(() => this.child.kill('SIGKILL'), 6_000);
    await this.exited;
    clearTimeout(killer);
  }

  private take(text: string): void {
    try {
      this.lines.push(JSON.parse(text) as Line);
    } catch {
      this.lines.push({ text });
    }
    for (const look of this.waiting) look();
  }
}

/** Below the ports that systems give to outgoing connections, which could take one meanwhile. Test
 * files that run side by side have a range of their own each: between looking at a port and using
 * it, another file must not choose it as well. */
const PORTS = { first: 12_000, each: 2_500, ranges: 8 } as const;

const range = Number(process.env.VITEST_POOL_ID ?? 0) % PORTS.ranges;

/** Where the next block is looked for: no two calls of one file are given the same port. */
let place = Math.floor(Math.random() * PORTS.each);

/** Ports that are free now, side by side. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (place + count > PORTS.each) place = 0;
    const first = PORTS.first + range * PORTS.each + place;
    place += count;
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports side by side`);
}

/** Whether nobody listens there. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** How long until somebody is asked again. What is waited for comes within milliseconds or within
 * seconds, and whoever is asked is often about to start, and needs the processor for that. */
const ASK_AGAIN = { firstMs: 20, factor: 1.25, lastMs: 100 } as const;

/** Asks again until the answer fits; fails with the last answer. */
export async function until<T>(
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  what: string,
  timeoutMs = 30_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let pauseMs: number = ASK_AGAIN.firstMs;
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T);
    if (!(answer instanceof Error) && fits(answer)) return answer;
    if (Date.now() > end) {
      const last = answer instanceof Error ? answer.message : JSON.stringify(answer);
      throw new Error(`not within ${timeoutMs} ms: ${what}; last: ${last.slice(0, 2_000)}`);
    }
    const pause = pauseMs;
    await new Promise((resolve) => setTimeout(resolve, pause));
    pauseMs = Math.min(pauseMs * ASK_AGAIN.factor, ASK_AGAIN.lastMs);
  }
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever members an answer has.
  readonly body: any;
  readonly headers: IncomingHttpHeaders;
  readonly ms: number;
}

/** A server closes a connection that nothing has been asked on for 5 s: it must not be used for a
 * request at that moment. */
const kept = new Agent({ keepAlive: true, timeout: 2_000 });

/** One HTTP request, no redirects, body parsed. `fetch` would take two and a half times the
 * processor time, which adds up. */
export async function call(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const startedAt = performance.now();
  const { pathname, search } = new URL(url);
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await exchange(
    url,
    {
      method,
      path: `${pathname}${search}`,
      headers,
      ...(text === undefined ? {} : { body: text }),
    },
    { agent: kept, ...(signal === undefined ? {} : { signal }) },
  );
  const ms = performance.now() - startedAt;
  return { status: answer.status, body: parse(answer.text), headers: answer.headers, ms };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Everything a node lists. */
export async function messages(url: string): Promise<string[]> {
  return (await call('GET', `${url}/messages`)).body.messages;
}

/** Things that a test must not leave behind: programs are stopped, then the rest is undone in
 * reverse order. */
export class Belongings {
  private readonly programs: Program[] = [];
  private readonly undo: (() => Promise<unknown>)[] = [];

  program(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Program {
    const program = new Program(args, env, cwd);
    this.programs.push(program);
    return program;
  }

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'replog-test-'));
    this.undo.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  add(undo: () => Promise<unknown>): void {
    this.undo.push(undo);
  }

  async release(): Promise<void> {
    await Promise.all(this.programs.splice(0).map((program) => program.stop()));
    for (const undo of this.undo.splice(0).reverse()) await undo();
  }
}
