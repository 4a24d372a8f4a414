// Reads a recording as a script: what is to be done again, each with its moment. The rule: a line
// that does not say all that is needed is refused with its number before anything is started. What
// came of an order that was half understood would be a judgement on nothing.

import { parseRecord } from '../check/history/history-line.ts';
import { FAILOVER_NODES_MIN } from '../cluster/start/failover.ts';
import { type Line, PROBE, type RunLine, type Script, type StepLine } from './recording.ts';

/** A file that cannot be played. */
export class BadRecording extends Error {
  override readonly name = 'BadRecording';
}

/** No timer waits longer, and no run does. */
const MOMENT_MAX = 2 ** 31 - 1;

/** As for `replog cluster`. */
const NODES_MAX = 101;

/** Contract, section 3. */
const TIMEOUT_MAX = 86_400_000;
const PAGE_MAX = 10_000;

/** Reads a recording. Throws BadRecording, with the number of the line if one is not right. */
export function scriptOf(text: string): Script {
  const reader = new ScriptReader();
  for (const [place, json] of text.split('\n').entries()) {
    if (json.trim() !== '') reader.take(lineOf(json, place + 1), place + 1);
  }
  return reader.finish();
}

class ScriptReader {
  readonly #steps: StepLine[] = [];
  readonly #writes: Script['writes'][number][] = [];
  readonly #reads: Script['reads'][number][] = [];
  /** Where each node was named first. */
  readonly #named = new Map<string, number>();
  #run: RunLine | null = null;

  take(line: Line, place: number): void {
    if (line.type === 'run') {
      if (this.#run !== null) throw new BadRecording(`line ${place} begins a second run`);
      this.#run = line;
    } else if (line.type === 'step') {
      this.#due(line.at, line.node, place);
      this.#steps.push(line);
    } else if (line.type === 'write' && line.client !== PROBE) {
      // A replay has probes of its own.
      const order = orderOf(line, place);
      this.#writes.push({ at: this.#due(line.call, order.via, place), order });
    } else if (line.type === 'miss') {
      const { call, order } = line;
      this.#reads.push({ at: this.#due(call, order.node, place), order });
    } else if ((line.type === 'log' && line.final !== true) || line.type === 'get') {
      const order = readOf(line);
      if (!isRead(order)) throw new BadRecording(`line ${place} ${UNREAD}`);
      this.#reads.push({ at: this.#due(line.call, order.node, place), order });
    }
  }

  /** The run may stand anywhere in the file; nodes are held against it when all has been read. */
  finish(): Script {
    const run = this.#run;
    if (run === null)
      throw new BadRecording('the file has no `run` line: `chaos --record` writes one');
    for (const [node, place] of this.#named) {
      if (run.nodes.includes(node)) continue;
      const there = run.nodes.join(' ');
      throw new BadRecording(
        `line ${place} is for the node ${node}, but the run had only ${there}`,
      );
    }
    const [steps, writes, reads] = [this.#steps, this.#writes, this.#reads];
    const byTime = (one: { at: number }, other: { at: number }): number => one.at - other.at;
    return { run, steps, writes: writes.sort(byTime), reads: reads.sort(byTime) };
  }

  #due(at: number, node: string, place: number): number {
    if (!isMoment(at)) throw new BadRecording(`line ${place} is of no moment within a run`);
    if (!this.#named.has(node)) this.#named.set(node, place);
    return at;
  }
}

const UNREAD = 'does not say what was read, and when';

function lineOf(json: string, place: number): Line {
  try {
    const record = parseRecord(json);
    if (record !== null) return record as Line;
  } catch (error) {
    const { message } = error as Error;
    throw new BadRecording(`line ${place} is no record: ${message}`, { cause: error });
  }
  const line = JSON.parse(json) as Line;
  if (line.type === 'run') checkRun(line, place);
  if (line.type === 'step' && !isStep(line)) {
    throw new BadRecording(`line ${place} does not say what was done to which node, and when`);
  }
  if (line.type === 'miss' && !isRead(line.order)) {
    throw new BadRecording(`line ${place} ${UNREAD}`);
  }
  return line;
}

function checkRun(line: Partial<RunLine>, place: number): void {
  const { durationMs, failover, format, nodes, seed } = line;
  if (format !== undefined && format !== 1) {
    throw new BadRecording(`format ${format} is not known here`);
  }
  const named = Array.isArray(nodes) && nodes.every(isText) && new Set(nodes).size === nodes.length;
  const few = failover === true ? FAILOVER_NODES_MIN : 1;
  const asked = failover === undefined || typeof failover === 'boolean';
  const sized = named && asked && nodes.length >= few && nodes.length <= NODES_MAX;
  if (format === 1 && sized && isMoment(durationMs) && Number.isSafeInteger(seed)) return;
  throw new BadRecording(`line ${place} does not say which nodes ran, how long, and the seed`);
}

const ACTS: ReadonlySet<unknown> = new Set<StepLine['act']>([
  ...(['kill', 'stop', 'start', 'pause', 'resume', 'fault', 'clear'] as const),
]);

function isStep({ act, faults, kind, node }: Partial<StepLine>): boolean {
  if (act === 'fault' && !(isText(kind) && isObject(faults))) return false;
  return isText(node) && ACTS.has(act);
}

function isRead(order: unknown): boolean {
  if (!isObject(order)) return false;
  const { client, from, key, kind, limit, node, read } = order;
  if (![client, node].every(isText) || !LEVELS.has(read)) return false;
  return kind === 'log'
    ? isWhole(from, 1, Number.MAX_SAFE_INTEGER) && isWhole(limit, 1, PAGE_MAX)
    : kind === 'get' && isText(key);
}

const LEVELS: ReadonlySet<unknown> = new Set(['local', 'majority', 'linearizable']);

function orderOf(
  { client, operations, idempotencyKey, w, order }: Extract<Line, { type: 'write' }>,
  place: number,
): Script['writes'][number]['order'] {
  if (idempotencyKey === null) throw new BadRecording(`line ${place} is a write without a key`);
  if (!isObject(order)) {
    throw new BadRecording(
      `line ${place} does not say how the write was asked for: it is no recording of ` +
        '`replog chaos`',
    );
  }
  const { via, timeoutMs, retryForMs } = order;
  if (!isText(via) || !isWhole(timeoutMs, 1, TIMEOUT_MAX) || !isMoment(retryForMs)) {
    throw new BadRecording(`line ${place} does not say how the write was asked for`);
  }
  if (operations.length > 1 && operations.some(({ op }) => op !== 'append')) {
    throw new BadRecording(`line ${place} has a batch that is not of messages only`);
  }
  return { client, operations, idempotencyKey, w, via, timeoutMs, retryForMs };
}

function readOf(line: Extract<Line, { type: 'log' | 'get' }>): Script['reads'][number]['order'] {
  const { client, node, read } = line;
  if (line.type === 'get') return { kind: 'get', client, node, read, key: line.key };
  return { kind: 'log', client, node, read, from: line.from, limit: line.limit };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isWhole(value: unknown, low: number, high: number): boolean {
  return Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
}

function isMoment(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= MOMENT_MAX;
}
