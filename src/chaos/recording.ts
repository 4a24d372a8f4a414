// What was done and seen, in the order in which it ended: handed to the judge at once and, if asked
// for, written to a file of JSON lines. The file holds, besides the history that the judges read,
// one `run` line at its head and a `step` line for everything done to a node, so that it can be
// played again.

import type {
  GetRecord,
  HistoryRecord,
  LogRecord,
  ReadLevel,
  WriteRecord,
} from '../check/history.ts';
import { parseRecord } from '../check/history-line.ts';
import type { Faults } from '../client/answers.ts';
import type { WriteConcern } from '../core/effects.ts';
import type { Operation } from '../core/operation.ts';

/** The client that proves at the end that a healed cluster takes writes. */
export const PROBE = 'probe';

/** The head of the file. */
export interface RunLine {
  readonly type: 'run';
  readonly format: 1;
  readonly seed: number;
  readonly nodes: readonly string[];
  /** How long faults were allowed, in milliseconds. */
  readonly durationMs: number;
}

/** Something that was done to a node, when it was begun. */
export interface StepLine {
  readonly type: 'step';
  readonly at: number;
  readonly node: string;
  readonly act: 'kill' | 'stop' | 'start' | 'pause' | 'resume' | 'fault' | 'clear';
  /** With `fault`: its kind, and what the node was asked for. */
  readonly kind?: string;
  readonly faults?: Faults;
}

/** A write as it was asked for: enough to ask for it again. */
export interface WriteOrder {
  readonly client: string;
  /** The node that is asked first. */
  readonly via: string;
  readonly operations: readonly Operation[];
  readonly idempotencyKey: string;
  readonly w: WriteConcern;
  readonly timeoutMs: number;
  /** How long the client looks for a master by itself. */
  readonly retryForMs: number;
}

export interface LogOrder {
  readonly kind: 'log';
  readonly client: string;
  readonly node: string;
  readonly read: ReadLevel;
  readonly from: number;
  readonly limit: number;
}

export interface GetOrder {
  readonly kind: 'get';
  readonly client: string;
  readonly node: string;
  readonly read: ReadLevel;
  readonly key: string;
}

/** Reads that failed stand in the file, too: they were asked for. */
export interface MissLine {
  readonly type: 'miss';
  readonly call: number;
  readonly order: LogOrder | GetOrder;
}

type Line =
  | RunLine
  | StepLine
  | MissLine
  | (WriteRecord & { readonly order: Pick<WriteOrder, 'via' | 'timeoutMs' | 'retryForMs'> })
  | (LogRecord & { readonly limit: number })
  | Exclude<HistoryRecord, WriteRecord | LogRecord>;

/** A file that cannot be played. */
export class BadRecording extends Error {
  override readonly name = 'BadRecording';
}

export class Recording {
  readonly #judge: (record: HistoryRecord) => void;
  readonly #write: ((text: string) => void) | null;

  /** `write` takes the lines of the file; null: there is none. */
  constructor(judge: (record: HistoryRecord) => void, write: ((text: string) => void) | null) {
    this.#judge = judge;
    this.#write = write;
  }

  add(line: Line): void {
    this.#write?.(`${JSON.stringify(line)}\n`);
    if (line.type === 'run' || line.type === 'step' || line.type === 'miss') return;
    this.#judge(line);
  }
}

/** What a file says was done, each with its moment. */
export interface Script {
  readonly run: RunLine;
  readonly steps: readonly StepLine[];
  readonly writes: readonly { readonly at: number; readonly order: WriteOrder }[];
  readonly reads: readonly { readonly at: number; readonly order: LogOrder | GetOrder }[];
}

/** Reads a recording. Throws BadRecording with the number of the line that is not right. */
export function scriptOf(text: string): Script {
  const steps: StepLine[] = [];
  const writes: { at: number; order: WriteOrder }[] = [];
  const reads: { at: number; order: LogOrder | GetOrder }[] = [];
  let run: RunLine | null = null;
  for (const [place, json] of text.split('\n').entries()) {
    if (json.trim() === '') continue;
    const line = lineOf(json, place + 1);
    if (line.type === 'run') run = line;
    else if (line.type === 'step') steps.push(line);
    else if (line.type === 'write') {
      // A replay has probes of its own.
      if (line.client !== PROBE) writes.push({ at: line.call, order: orderOf(line) });
    } else if (line.type === 'miss') reads.push({ at: line.call, order: line.order });
    else if (line.type === 'log' && line.final !== true) {
      const { client, node, read, from, limit } = line;
      reads.push({ at: line.call, order: { kind: 'log', client, node, read, from, limit } });
    } else if (line.type === 'get') reads.push({ at: line.call, order: getOf(line) });
  }
  if (run === null)
    throw new BadRecording('the file has no `run` line: `chaos --record` writes one');
  if (run.format !== 1) throw new BadRecording(`format ${run.format} is not known here`);
  const byTime = (one: { at: number }, other: { at: number }): number => one.at - other.at;
  return { run, steps, writes: writes.sort(byTime), reads: reads.sort(byTime) };
}

function lineOf(json: string, place: number): Line {
  try {
    const record = parseRecord(json);
    if (record !== null) return record as Line;
  } catch (error) {
    const { message } = error as Error;
    throw new BadRecording(`line ${place} is no record: ${message}`, { cause: error });
  }
  const line = JSON.parse(json) as Line;
  if (line.type === 'run' && !isRun(line)) {
    throw new BadRecording(`line ${place} does not say which nodes ran, how long, and the seed`);
  }
  if (line.type === 'step' && !isStep(line)) {
    throw new BadRecording(`line ${place} does not say what was done to which node, and when`);
  }
  if (line.type === 'miss' && !isMiss(line)) {
    throw new BadRecording(`line ${place} does not say what was read, and when`);
  }
  return line;
}

function isRun({ durationMs, format, nodes, seed }: Partial<RunLine>): boolean {
  if (format !== 1) return format !== undefined;
  const named = Array.isArray(nodes) && nodes.every((node) => typeof node === 'string');
  return named && nodes.length > 0 && isMoment(durationMs) && Number.isSafeInteger(seed);
}

const ACTS: ReadonlySet<unknown> = new Set<StepLine['act']>([
  ...(['kill', 'stop', 'start', 'pause', 'resume', 'fault', 'clear'] as const),
]);

function isStep({ act, at, node }: Partial<StepLine>): boolean {
  return isMoment(at) && typeof node === 'string' && ACTS.has(act);
}

function isMiss({ call, order }: Partial<MissLine>): boolean {
  const read = order?.kind === 'log' || order?.kind === 'get';
  return isMoment(call) && read && typeof order.node === 'string';
}

function isMoment(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

function orderOf(line: Extract<Line, { type: 'write' }>): WriteOrder {
  const { client, operations, idempotencyKey, w, order } = line;
  if (idempotencyKey === null) throw new BadRecording('a write of the file has no key');
  if (typeof order?.via !== 'string') {
    throw new BadRecording(
      'its writes do not say how they were asked for: it is no recording of `replog chaos`',
    );
  }
  return { client, operations, idempotencyKey, w, ...order };
}

function getOf({ client, node, read, key }: GetRecord): GetOrder {
  return { kind: 'get', client, node, read, key };
}
