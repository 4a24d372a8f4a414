// A trace of a node's system calls, read for what an audit needs: which log records were durable
// when, and which HTTP answers left when. Times are those of the tracer: a call's end is noted
// before the process goes on, a beginning before the call happens, so times of several processes on
// one machine can be compared.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Calls that write files, sync them, or send. */
const CALLS = 'openat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync';
/** Longer than any write of the audit. */
const STRING_BYTES = 4 << 20;

/** Why no trace can be made here; null: it can. Installs the tracer where that is possible. */
export function whyNot(): string | null {
  if (process.platform !== 'linux') return 'strace is for Linux';
  if (runs('strace', ['-V'])) return null;
  if (process.getuid?.() !== 0) return 'strace is not installed';
  runs('apt-get', ['update', '-q']);
  runs('apt-get', ['install', '-q', '-y', 'strace']);
  return runs('strace', ['-V']) ? null : 'strace is not installed, and cannot be';
}

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A process under the tracer. */
export class Tracer {
  private readonly child: ChildProcess;
  private readonly file: string;

  private constructor(child: ChildProcess, file: string) {
    this.child = child;
    this.file = file;
  }

  /** Resolves when every thread of the process is traced. */
  static async attach(pid: number, file: string): Promise<Tracer> {
    const trace = ['-f', '-ttt', '-T', '-y', '-s', `${STRING_BYTES}`, '-e', `trace=${CALLS}`];
    const child = spawn('strace', [...trace, '-o', file, '-p', `${pid}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (/attached/.test(said)) resolve();
      });
      child.once('exit', () => reject(new Error(`strace: ${said}`)));
    });
    return new Tracer(child, file);
  }

  /** Lets the process go. */
  async detach(): Promise<CallTrace> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGINT');
    await ended;
    return new CallTrace(await readFile(this.file, 'latin1'));
  }
}

/** One finished call. */
interface Call {
  readonly text: string;
  readonly name: string;
  /** Name of the file or socket it was made on. */
  readonly on: string;
  readonly began: number;
  readonly ended: number;
  readonly result: number;
}

/** An answer to a client of the master. */
export interface ClientAnswer {
  readonly index: number;
  readonly acks: readonly string[];
  readonly left: number;
}

/** An acknowledgement of a secondary to the master. */
export interface SnapshotAnswer {
  readonly session: string;
  readonly seq: number;
  readonly left: number;
}

export class CallTrace {
  private readonly calls: readonly Call[];

  constructor(text: string) {
    this.calls = [...finished(text.split('\n'))];
  }

  /** When each record was durable: the end of the write to a file opened with O_DSYNC that held it
   * whole, or of the sync after another write. */
  durable(): Map<number, number> {
    const times = new Map<number, number>();
    const synced = new Set<string>();
    for (const { name, text, on } of this.calls) {
      if (name === 'openat' && /O_D?SYNC/.test(text)) synced.add(on);
    }
    let waiting: { on: string; index: number }[] = [];
    for (const call of this.calls) {
      if (/^f(data)?sync$/.test(call.name) && call.result === 0) {
        for (const { index } of waiting.filter(({ on }) => on === call.on)) {
          times.set(index, call.ended);
        }
        waiting = waiting.filter(({ on }) => on !== call.on);
      }
      if (!/write/.test(call.name) || !call.on.endsWith('.seg')) continue;
      for (const index of recordsWithin(call)) {
        if (synced.has(call.on)) times.set(index, call.ended);
        else waiting.push({ on: call.on, index });
      }
    }
    return times;
  }

  /** What clients were told. */
  answers(): ClientAnswer[] {
    return this.sent(/\\"index\\":(\d+),\\"w\\":[^{}]*?\\"acks\\":\[([^\]]*)\]/g).map(
      ({ found: [, index, acks], began }) => ({
        index: Number(index),
        acks: acks!.replaceAll('\\"', '').split(','),
        left: began,
      }),
    );
  }

  /** What the master was told. */
  snapshotAnswers(): SnapshotAnswer[] {
    const pattern = /\\"result\\":\\"SnapshotAck\\",\\"session\\":(\d+),\\"seq\\":(-?\d+)/g;
    return this.sent(pattern).map(({ found: [, session, seq], began }) => ({
      session: session!,
      seq: Number(seq),
      left: began,
    }));
  }

  /** By how much the index of an update is above its seq, in each session that sent any. */
  offsets(): Map<string, number> {
    // The records stand in memory of their own, and may be a part of the call of their own.
    const apart = String.raw`(?:", iov_len=\d+\}, \{iov_base=")?`;
    const head = String.raw`\\"session\\":(\d+),\\"seq\\":(\d+),.{0,400}?\\"updates\\":\[`;
    const pattern = new RegExp(String.raw`${head}${apart}\{\\"index\\":(\d+)`, 'g');
    const found = new Map<string, number>();
    for (const { found: each } of this.sent(pattern)) {
      found.set(each[1]!, Number(each[3]) - Number(each[2]));
    }
    return found;
  }

  private sent(pattern: RegExp): { found: RegExpExecArray; began: number }[] {
    return this.calls
      .filter(({ name, on }) => /write|send/.test(name) && on.startsWith('socket:'))
      .flatMap(({ text, began }) => [...text.matchAll(pattern)].map((found) => ({ found, began })));
  }
}

/** Indexes of the records that a write took whole; a write that took less counts for nothing. */
function recordsWithin({ text, result }: Call): number[] {
  if (result <= 0) return [];
  const given = [...text.matchAll(/iov_len=(\d+)/g)].reduce((sum, [, len]) => sum + Number(len), 0);
  const single = Number(/, (\d+), \d+\) += /.exec(text)?.[1] ?? 0);
  if (result < (given > 0 ? given : single)) return [];
  return [...text.matchAll(/\{\\"index\\":(\d+),\\"epoch\\":/g)].map(([, index]) => Number(index));
}

const LINE = /^(\d+) +(\d+\.\d+) (.*)$/;
const WHOLE = /^(\w+)\((?:AT_FDCWD<[^>]*>, "([^"]*)"|\d+<([^>]*)>)/;

/** Puts calls together that other threads interrupted in the trace. */
function* finished(lines: readonly string[]): Generator<Call> {
  const open = new Map<string, { text: string; began: number }>();
  for (const line of lines) {
    const [, thread, time, rest] = LINE.exec(line) ?? [];
    if (thread === undefined || rest === undefined) continue;
    if (rest.endsWith('<unfinished ...>')) {
      open.set(thread, { text: rest.slice(0, -'<unfinished ...>'.length), began: Number(time) });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const before = resumed === null ? undefined : open.get(thread);
    const text = before === undefined ? rest : before.text + resumed![1];
    const [, name, opened, on] = WHOLE.exec(text) ?? [];
    const [, result, took] = / = (-?\d+)[^=]*<(\d+\.\d+)>$/.exec(text) ?? [];
    if (name === undefined || result === undefined) continue;
    const began = before?.began ?? Number(time);
    const ended = before === undefined ? began + Number(took) : Number(time);
    yield { text, name, on: opened ?? on ?? '', began, ended, result: Number(result) };
  }
}
