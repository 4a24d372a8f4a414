// The typed client of a replog cluster: every route a client may use, one method each.
//
// Writes find the master by themselves and are repeated, with one idempotency key, only where that
// is safe. Reads are sent once, to the node this client was given; one that only the master can
// serve goes on to the master that this node names.

import type {
  AppendAnswer,
  BatchAnswer,
  ClusterNode,
  ClusterReport,
  ControlVerb,
  FaultReport,
  Faults,
  GetResult,
  Health,
  KeyPage,
  LogEntry,
  LogPage,
  MessagePage,
  NodeOutput,
  OperationAck,
  StoredOutcome,
  Story,
} from './answers.ts';
import { kvPath } from './kv-path.ts';
import type {
  AppendOptions,
  CallOptions,
  ClientOptions,
  KeyPageOptions,
  KeyWriteOptions,
  PageOptions,
  ReadOptions,
} from './options.ts';
import { type Pace, sharedPace } from './pace.ts';
import { type FollowOptions, follow } from './reading/follow.ts';
import { advancing, behindKey, consecutive } from './reading/page-order.ts';
import { pagesOf } from './reading/pages.ts';
import { Requests } from './requests.ts';
import { baseUrl, refuseWithoutOptions } from './wire/base-url.ts';
import { Departures } from './wire/departures.ts';
import { kyWire } from './wire/ky-wire.ts';
import { Link } from './wire/link.ts';
import { nodeWire } from './wire/node-wire.ts';
import { GatheringLink } from './writing/gathering-link.ts';
import { outcomePlace } from './writing/outcome-place.ts';
import { preconditions, preferences } from './writing/write-headers.ts';
import { Writes } from './writing/writes.ts';

export type * from './answers.ts';
export * from './errors.ts';
export type * from './options.ts';
export type { Pace } from './pace.ts';
export * from './problems.ts';
export type { FollowOptions } from './reading/follow.ts';
export type { Fetch } from './wire/ky-wire.ts';

const RETRY_FOR_MS = 10_000;
const KEY_TIMEOUT_MS = 1_000;

/** Every method throws Unreachable, UnexpectedAnswer, ProblemError (or its subclass for the code),
 * or the abort reason of its signal, and TypeError where no request can be made of what it gets;
 * writes throw OutcomeUnknown and InvalidIdempotencyKey besides. */
export class ReplogClient {
  readonly #url: string;
  readonly #link: Link;
  readonly #writes: Writes;
  readonly #requests: Requests;
  readonly #pace: Pace;

  /** Throws InvalidUrl and InvalidToken. */
  constructor(options: ClientOptions) {
    refuseWithoutOptions(options);
    const { fetch, token } = options;
    const departures = new Departures();
    // Not the global fetch: Node 20 forgets the signal of an answer whose body still comes once the
    // collector has run, and then nothing ends a long stream.
    const wire = fetch === undefined ? nodeWire(departures) : kyWire(fetch);
    this.#link = new Link(wire, token);
    this.#url = baseUrl(options.url);
    this.#requests = new Requests(this.#link, this.#url, {
      answerMs: options.answerMs,
      departures,
    });
    this.#pace = options.pace ?? sharedPace(departures);
    const bases = [this.#url, ...(options.others ?? []).map(baseUrl)];
    this.#writes = new Writes(bases, {
      sender: new GatheringLink(this.#link, departures),
      departures,
      pace: this.#pace,
      retryForMs: options.retryForMs ?? RETRY_FOR_MS,
      newKey: options.newKey ?? (() => crypto.randomUUID()),
    });
  }

  /** Base URL this client was given. */
  get url(): string {
    return this.#url;
  }

  /** Concurrent appends travel together in one request; each keeps its own options and answer. */
  append(message: string, options: AppendOptions = {}): Promise<AppendAnswer> {
    return this.#writes.run<AppendAnswer>(options, {
      method: 'POST',
      path: '/messages',
      json: (timeoutMs) => ({ message, w: options.w, timeoutMs }),
      headers: preferences(options),
    });
  }

  /** 1…10,000 messages, together at most 16 MiB as JSON: all of them or none, in one piece. */
  appendBatch(messages: readonly string[], options: AppendOptions = {}): Promise<BatchAnswer> {
    return this.#writes.run<BatchAnswer>(options, {
      method: 'POST',
      path: '/messages/batch',
      json: (timeoutMs) => ({ messages, w: options.w, timeoutMs }),
      headers: preferences(options),
    });
  }

  /** Messages from `from` on: all of them, or a page of `limit`. */
  async list(options: PageOptions = {}): Promise<MessagePage> {
    const { from, limit } = options;
    const page = this.#requests.read<MessagePage>('/messages', 'messages', options, {
      from,
      limit,
    });
    return advancing(await page, this.url, from);
  }

  /** All messages from `from` on, page by page. Throws LogReplaced besides, if the log is not the
   * one any more that the pages before were of. With `read: 'majority'` a node that has started
   * between two of them is waited for until it knows again that a majority has the next one, for
   * up to 10 s. */
  pages(options: PageOptions = {}): AsyncGenerator<MessagePage, void, void> {
    return pagesOf(this, options, this.#pace);
  }

  /** At most 10,000 operations, 1,000 unless `limit` says otherwise. */
  async log(options: PageOptions = {}): Promise<LogPage> {
    const { from, limit } = options;
    const page = this.#requests.read<LogPage>('/log', 'entries', options, { from, limit });
    return consecutive(advancing(await page, this.url, from), this.url, from);
  }

  /** Operations as they come. Mends broken connections until the signal aborts, then ends. Throws
   * LogReplaced besides, if the log is not the one any more that was followed. */
  follow(options: FollowOptions = {}): AsyncGenerator<LogEntry, void, void> {
    return follow(this.#link, this.url, options, this.#pace);
  }

  /** The operation at `index`; null if this node does not show one there. */
  entry(index: number, options: ReadOptions = {}): Promise<LogEntry | null> {
    return this.#requests.readOrNull<LogEntry>(`/log/${index}`, 'index', options, 'not-found');
  }

  /** What became of the operation at `index` on this node; null if it knows nothing of it. */
  story(index: number, options: CallOptions = {}): Promise<Story | null> {
    return this.#requests.readOrNull<Story>(`/log/${index}/story`, 'lines', options, 'not-found');
  }

  /** Where the write with this idempotency key stands; null if this node does not know the key.
   * Throws InvalidIdempotencyKey besides. */
  async outcome(idempotencyKey: string, options: ReadOptions = {}): Promise<StoredOutcome | null> {
    const { path, search } = outcomePlace(idempotencyKey);
    const absent = 'unknown-outcome';
    return this.#requests.readOrNull<StoredOutcome>(path, 'index', options, absent, search);
  }

  /** Gives the key this value. Throws InvalidKey besides. */
  async put(key: string, value: string, options: KeyWriteOptions = {}): Promise<OperationAck> {
    const { id, w } = options;
    return this.#writes.run<OperationAck>(options, {
      method: 'PUT',
      path: kvPath(key),
      json: (timeoutMs) => ({ value, id, w, timeoutMs }),
      headers: preconditions(options),
      defaultTimeoutMs: KEY_TIMEOUT_MS,
    });
  }

  /** Removing a key that has no value is an ordinary removal. Throws InvalidKey besides. */
  async remove(key: string, options: KeyWriteOptions = {}): Promise<OperationAck> {
    const { id, w } = options;
    return this.#writes.run<OperationAck>(options, {
      method: 'DELETE',
      path: kvPath(key),
      json: (timeoutMs) => ({ id, w, timeoutMs }),
      headers: preconditions(options),
      defaultTimeoutMs: KEY_TIMEOUT_MS,
    });
  }

  /** A key without a value is no error: `value` is null. Throws InvalidKey besides. */
  async get(
    key: string,
    options: ReadOptions & { readonly id?: string | number | undefined } = {},
  ): Promise<GetResult> {
    return this.#requests.read<GetResult>(
      kvPath(key),
      'value',
      options,
      { id: options.id },
      isGetResult,
    );
  }

  /** Keys with their values, in the order of the code points of the keys (of their bytes). */
  async listKeys(options: KeyPageOptions = {}): Promise<KeyPage> {
    const { prefix, after, limit } = options;
    const page = this.#requests.read<KeyPage>('/kv', 'items', options, { prefix, after, limit });
    return behindKey(await page, this.url, after);
  }

  /** What this node says of itself; the master: of all members, too. */
  health(options: CallOptions = {}): Promise<Health> {
    return this.#requests.read<Health>('/health', 'role', options);
  }

  /** The node's metrics, as Prometheus reads them. */
  async metrics(options: CallOptions = {}): Promise<string> {
    const text = await this.#requests.command({ method: 'GET', path: '/metrics' }, options);
    return typeof text === 'string' ? text : '';
  }

  /** The node answers with what it got. */
  echo(body: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.#requests.command({ method: 'POST', path: '/echo', json: body }, options);
  }

  /** The node's faults; refused with `not-found` unless it was started with `--faults`. */
  getFaults(options: CallOptions = {}): Promise<FaultReport> {
    return this.#requests.read<FaultReport>('/faults', 'faults', options);
  }

  /** Replaces the node's faults. */
  async setFaults(faults: Faults, options: CallOptions = {}): Promise<void> {
    await this.#requests.order({ method: 'PUT', path: '/faults', json: faults }, options);
  }

  /** No more faults at the node. */
  async clearFaults(options: CallOptions = {}): Promise<void> {
    await this.#requests.order({ method: 'DELETE', path: '/faults' }, options);
  }

  /** Launcher: the cluster's nodes and their processes. */
  async cluster(options: CallOptions = {}): Promise<ClusterReport> {
    const report = await this.#requests.read<ClusterReport>('/cluster', 'nodes', options);
    // The contract promises the nodes alone.
    return { ...report, name: report.name ?? this.url, removed: report.removed ?? [] };
  }

  /** Launcher: starts one more secondary, named `node` if that is given. Null if the answer does
   * not describe it. */
  async addNode(
    options: CallOptions & { readonly node?: string | undefined } = {},
  ): Promise<ClusterNode | null> {
    const { node } = options;
    const json = node === undefined ? undefined : { node };
    const call = { method: 'POST', path: '/cluster/nodes', json } as const;
    return nodeIn(await this.#requests.control(call, options));
  }

  /** Launcher: takes the node out of the cluster for good. Null as of `addNode`. */
  async removeNode(node: string, options: CallOptions = {}): Promise<ClusterNode | null> {
    const path = `/cluster/nodes/${encodeURIComponent(node)}`;
    return nodeIn(await this.#requests.control({ method: 'DELETE', path }, options));
  }

  /** Launcher: does something to a node's process. Null if the answer does not describe a node. */
  async control(
    node: string,
    verb: ControlVerb,
    options: CallOptions = {},
  ): Promise<ClusterNode | null> {
    const path = `/cluster/nodes/${encodeURIComponent(node)}/${verb}`;
    return nodeIn(await this.#requests.control({ method: 'POST', path }, options));
  }

  /** Launcher: the last `lines` lines of the node's output; all that are kept by default. */
  output(
    node: string,
    options: CallOptions & { readonly lines?: number | undefined } = {},
  ): Promise<NodeOutput> {
    const path = `/cluster/nodes/${encodeURIComponent(node)}/output`;
    return this.#requests.read<NodeOutput>(path, 'lines', options, { lines: options.lines });
  }
}

function nodeIn(body: unknown): ClusterNode | null {
  const node = body as Partial<ClusterNode> | undefined;
  return typeof node?.node === 'string' ? (node as ClusterNode) : null;
}

/** An absent key's answer has status 404, and is an answer all the same. */
function isGetResult(body: unknown): boolean {
  return (body as Partial<GetResult> | undefined)?.result === 'GetResult';
}
