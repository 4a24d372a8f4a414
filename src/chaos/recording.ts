// What was done and seen, in the order in which it ended: handed to the judge at once and, if asked
// for, written to a file of JSON lines. The file holds, besides the history that the judges read,
// one `run` line at its head and a `step` line for everything done to a node, so that it can be
// played again.

import type { HistoryRecord, LogRecord, ReadLevel, WriteRecord } from '../check/history/history.ts';
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
  /** Another node took over from a silent master; absent: nobody did. */
  readonly failover?: boolean;
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

export type Line =
  | RunLine
  | StepLine
  | MissLine
  | (WriteRecord & { readonly order: Pick<WriteOrder, 'via' | 'timeoutMs' | 'retryForMs'> })
  | (LogRecord & { readonly limit: number })
  | Exclude<HistoryRecord, WriteRecord | LogRecord>;

export class Recording {
  readonly #judge: (record: HistoryRecord) => void;
  #write: ((text: string) => void) | null;

  /** `write` takes the lines of the file, until it throws; null: there is none. */
  constructor(judge: (record: HistoryRecord) => void, write: ((text: string) => void) | null) {
    this.#judge = judge;
    this.#write = write;
  }

  /** Throws what `write` does, once: a file ends where a line is missing, and what must still be
   * done to nodes is done. */
  add(line: Line): void {
    const write = this.#write;
    this.#write = null;
    write?.(`${JSON.stringify(line)}\n`);
    this.#write = write;
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
