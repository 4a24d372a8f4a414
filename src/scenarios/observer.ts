// Looks at a cluster from outside, and has what it sees written down. A node that does not answer
// in time is a NotSeen: whoever waits for something goes on waiting.

import type { GetResult, Health, LogEntry, LogPage, MasterHealth } from '../client/answers.ts';
import type { Call, Reply } from '../client/wire/link.ts';
import type { HistoryKeeper, SeenLog } from './history-keeper.ts';
import { keyPath } from './requests.ts';
import { lifeOf, masterOf, type Stage } from './stage.ts';

/** A node did not answer, or not with what was asked for. */
export class NotSeen extends Error {
  override readonly name = 'NotSeen';
}

/** Local reads take milliseconds, on a loaded machine tenths of a second. */
const READ_MS = 5_000;

/** Entries per page: the most that a node gives. */
const PAGE = 10_000;

export class Observer {
  readonly #stage: Stage;
  readonly #history: HistoryKeeper;
  readonly #signal: AbortSignal;

  constructor(stage: Stage, history: HistoryKeeper, signal: AbortSignal) {
    this.#stage = stage;
    this.#history = history;
    this.#signal = signal;
  }

  /** Throws NotSeen, or the signal's reason, as all of these. */
  async log(node: string, final = false): Promise<SeenLog> {
    const life = lifeOf(this.#stage, node);
    const began = this.#stage.now();
    const entries: LogEntry[] = [];
    let page = await this.#page(node, 1);
    entries.push(...page.entries);
    while (page.next !== null) {
      page = await this.#page(node, page.next);
      entries.push(...page.entries);
    }
    const { lastIndex, commitIndex } = page;
    const log = { entries: entries.filter(({ index }) => index <= lastIndex), lastIndex };
    const seen = { ...log, commitIndex };
    this.#history.log(node, life, began, seen, final);
    return seen;
  }

  async messages(node: string): Promise<string[]> {
    const { messages } = await this.#read<{ messages: string[] }>(node, '/messages');
    return messages;
  }

  async value(node: string, key: string): Promise<string | null> {
    const life = lifeOf(this.#stage, node);
    const began = this.#stage.now();
    const reply = await this.#ask(node, { method: 'GET', path: keyPath(key) });
    const body = reply.body as Partial<GetResult> | undefined;
    if (body?.result !== 'GetResult' || body.value === undefined) {
      throw new NotSeen(`${node} answered ${reply.status} to a read of ${key}`);
    }
    const { value, index = null } = body;
    this.#history.get(node, life, began, { key, value, index });
    return value;
  }

  /** The master's report. */
  async health(): Promise<MasterHealth> {
    const node = masterOf(this.#stage);
    const health = await this.#read<Health>(node, '/health');
    if (health.role !== 'master') throw new NotSeen(`${node} is not master`);
    this.#history.health(health);
    return health;
  }

  async hits(node: string): Promise<Readonly<Record<string, number>>> {
    return (await this.#read<{ hits: Record<string, number> }>(node, '/faults')).hits;
  }

  #page(node: string, from: number): Promise<LogPage> {
    return this.#read<LogPage>(node, '/log', { from, limit: PAGE });
  }

  async #read<Body>(
    node: string,
    path: string,
    search: Record<string, number> = {},
  ): Promise<Body> {
    const reply = await this.#ask(node, { method: 'GET', path, search });
    if (reply.status !== 200) throw new NotSeen(`${node} answered ${reply.status} to ${path}`);
    return reply.body as Body;
  }

  async #ask(node: string, call: Call): Promise<Reply> {
    const state = this.#stage.nodes().find((one) => one.node === node)?.state;
    if (state !== 'running') throw new NotSeen(`${node} is ${state ?? 'unknown'}`);
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(READ_MS)]);
    try {
      return await this.#stage.call(node, { ...call, signal });
    } catch {
      this.#signal.throwIfAborted();
      // Refused, broken or late: to the one who looks it is all the same.
      throw new NotSeen(`${node} does not answer`);
    }
  }
}
