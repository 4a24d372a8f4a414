// What is measured: a system that runs in processes of its own, and can be asked to stop.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

export interface Subject {
  readonly name: string;
  /** Where the load goes. */
  readonly url: string;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** Starts a program whose output is of no interest, and which must not outlive this one. */
export function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const end = (): void => void child.kill('SIGKILL');
  process.on('exit', end);
  child.once('exit', () => process.off('exit', end));
  return child;
}

/** Ends programs and waits until they are gone. */
export async function stopAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(cut);
    }),
  );
}

/** Tries until it succeeds, for at most ten seconds. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as { port: number }).port);
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Processor time of processes so far, in milliseconds; a tick of the system is 10 ms. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * 10;
  }, 0);
}

/** Memory in MB of 10⁶ bytes. */
export interface Memory {
  /** What the processes have resident, each with all that it shares with others. */
  readonly each: number;
  /** The same, where a page that several processes share (those of the Node program, above all)
   * counts for each of them only in its part: what they take of the machine together. */
  readonly together: number;
}

export function memoryOf(pids: readonly number[]): Memory {
  const sum = (field: string): number =>
    pids.reduce((all, pid) => {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)!;
      return all + (Number(kib) * 1_024) / 1e6;
    }, 0);
  return { each: sum('Rss'), together: sum('Pss') };
}

/** Whether a program is on this machine. */
export function installed(program: string): boolean {
  const paths = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return paths.some((path) => {
    try {
      readFileSync(`${path}/${program}`, { flag: 'r' });
      return true;
    } catch {
      return false;
    }
  });
}
