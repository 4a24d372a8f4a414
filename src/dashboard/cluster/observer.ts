// Looks at a cluster over HTTP, again and again, and reports what it sees. The rules: one round at
// a time, and in a round everybody's health before anybody's log, so that a log that is asked for
// up to an index was read after everybody had said how far it goes; a node that does not answer
// holds up no other; foreign text is cleaned here, before anything else sees it.

import type { ReplogClient } from '../../client/client.ts';
import { windowOf } from '../screen/alignment.ts';
import type { ClusterState, Observation, OwnWrite } from './cluster-state.ts';
import { masterView } from './cluster-state.ts';
import { membersIn, nodesIn } from './known-nodes.ts';
import { Questions } from './questions.ts';
import { countsIn } from './rates.ts';
import { readTidily, type Tidy, tidied } from './tidy.ts';

/** What an observer works with. */
export interface ObserverParts {
  readonly client: (url: string) => ReplogClient;
  /** Base URL of the launcher; null: the master's list of members says who there is. */
  readonly control: string | null;
  /** A node to begin with, where there is no launcher. */
  readonly url: string;
  readonly state: () => ClusterState;
  readonly report: (observation: Unstamped) => void;
  /** What is looked at: the chosen index, the rows of the log, the open panel. */
  readonly wanted: () => Wanted;
  /** Makes foreign text harmless. */
  readonly clean: (text: string) => string;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Wanted {
  readonly index: number | null;
  readonly rows: number;
  readonly output: string | null;
  readonly keys: string | null;
  readonly story: number | null;
}

/** An observation, before it is said when it was made. */
export type Unstamped = Observation extends infer One
  ? One extends Observation
    ? Omit<One, 'now' | 'time'>
    : never
  : never;

/** Four looks a second: the eye sees a movement, and a node has work for a millisecond. */
const ROUND_MS = 250;

/** A round does not wait longer than this for anybody; an answer may come later. */
const PATIENCE_MS = 300;

/** Every so many rounds: faults, counters, panels that are read rather than watched. */
const SLOW_EVERY = 4;

/** Lines of a node's output that are fetched. */
const OUTPUT_LINES = 300;

const KEYS_MAX = 200;

export class Observer {
  readonly #parts: ObserverParts;
  readonly #tidy: Tidy;
  readonly #questions: Questions;
  #round = 0;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#questions = new Questions(parts.client);
    this.#tidy = tidied(parts.clean);
  }

  /** Looks until `stop`. Never rejects: what cannot be reached is reported as silent. */
  async run(): Promise<void> {
    while (!this.#questions.ended) {
      const startedAt = performance.now();
      await this.round();
      const spentMs = performance.now() - startedAt;
      await this.#parts.sleep(Math.max(20, ROUND_MS - spentMs));
    }
  }

  stop(): void {
    this.#questions.end();
  }

  /** One look at everything. */
  async round(): Promise<void> {
    // Not the first: somebody waits for the first picture, and a node loads its metrics late.
    const slow = this.#round % SLOW_EVERY === 1;
    this.#round += 1;
    if (this.#parts.control !== null || slow || this.#round === 1)
      await this.#patiently([this.#lookAtCluster()]);
    const { nodes } = this.#parts.state();
    await this.#patiently(nodes.map(({ node, url }) => this.#lookAtHealth(node, url)));
    const range = this.#range();
    const work = nodes.map(({ node, url }) => this.#lookAtLog(node, url, range));
    if (slow) work.push(...nodes.map(({ node, url }) => this.#lookAtFaults(node, url)));
    if (slow) work.push(this.#lookAtCounts());
    await this.#patiently([...work, ...this.#lookAtPanels(slow), ...this.#lookAtWrites()]);
    if (!this.#questions.ended) this.#parts.report({ type: 'round' });
  }

  /** Waits for all, but not for long: whoever is late reports when it comes. */
  async #patiently(work: readonly Promise<void>[]): Promise<void> {
    await Promise.race([Promise.all(work), this.#parts.sleep(PATIENCE_MS)]);
  }

  #report(observation: Unstamped): void {
    if (!this.#questions.ended) this.#parts.report(observation);
  }

  async #lookAtCluster(): Promise<void> {
    const { control } = this.#parts;
    if (control !== null) {
      const report = await this.#questions.ask(
        'cluster',
        control,
        (client, signal) => client.cluster({ signal }),
        () => this.#report({ type: 'launcher-silence' }),
      );
      if (report !== null) this.#report(nodesIn(this.#tidy(report)));
      return;
    }
    const known = this.#parts.state().nodes;
    const master = known.find(({ role, silentSince }) => role === 'master' && silentSince === null);
    const url = master?.url ?? known.find(({ silentSince }) => silentSince === null)?.url;
    const first = url ?? this.#parts.url;
    const health = await this.#questions.ask('members', first, (client, signal) => {
      return client.health({ signal });
    });
    if (health !== null) this.#report(membersIn(this.#tidy(health), first, known));
  }

  async #lookAtHealth(node: string, url: string): Promise<void> {
    const silent = (): void => this.#report({ type: 'silence', node });
    const health = await this.#questions.ask(
      `health ${node}`,
      url,
      (client, signal) => client.health({ signal }),
      silent,
    );
    if (health !== null) this.#report({ type: 'health', node, health: this.#tidy(health) });
  }

  #range(): { readonly from: number; readonly to: number } {
    const { nodes } = this.#parts.state();
    const { index, rows } = this.#parts.wanted();
    const last = Math.max(0, ...nodes.map(({ health }) => health?.lastIndex ?? 0));
    return windowOf(last, rows, index);
  }

  /** The piece of its log that is on the screen, unless it is known already. */
  async #lookAtLog(
    node: string,
    url: string,
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<void> {
    const view = this.#parts.state().nodes.find((one) => one.node === node);
    if (view?.health == null || view.silentSince !== null || to === 0) return;
    const { tail, health } = view;
    const same = tail.lastIndex === health.lastIndex && tail.epoch === health.epoch;
    if (tail.from === from && same && tail.known >= to) return;
    const limit = to - from + 1;
    const page = await this.#questions.ask(`log ${node}`, url, (client, signal) => {
      return client.log({ from, limit, signal });
    });
    if (page === null) return;
    const entries = page.entries.map((entry) => readTidily(entry, this.#parts.clean));
    this.#report({ type: 'tail', node, from, to, page: { ...page, entries } });
  }

  async #lookAtFaults(node: string, url: string): Promise<void> {
    const view = this.#parts.state().nodes.find((one) => one.node === node);
    if (view?.silentSince !== null) return;
    const report = await this.#questions.ask(`faults ${node}`, url, (client, signal) => {
      return client.getFaults({ signal });
    });
    if (report !== null) this.#report({ type: 'faults', node, report: this.#tidy(report) });
  }

  async #lookAtCounts(): Promise<void> {
    const view = masterView(this.#parts.state());
    if (view === undefined || view.silentSince !== null) return;
    const text = await this.#questions.ask('counts', view.url, (client, signal) => {
      return client.metrics({ signal });
    });
    if (text !== null) this.#report({ type: 'counts', counts: countsIn(text) });
  }

  #lookAtPanels(slow: boolean): Promise<void>[] {
    const { output, keys, story } = this.#parts.wanted();
    const known = this.#parts.state();
    return [
      ...(output === null ? [] : [this.#lookAtOutput(output)]),
      ...(keys === null || !(slow || known.keys?.node !== keys) ? [] : [this.#lookAtKeys(keys)]),
      ...(story === null || !(slow || known.story?.index !== story)
        ? []
        : [this.#lookAtStory(story)]),
    ];
  }

  async #lookAtOutput(node: string): Promise<void> {
    const { control } = this.#parts;
    if (control === null) return;
    const failed = (error: unknown): void => {
      const blank = { node, first: 1, lines: [], error: this.#words(error) };
      this.#report({ type: 'output', output: blank });
    };
    const answer = await this.#questions.ask(
      `output ${node}`,
      control,
      (client, signal) => client.output(node, { lines: OUTPUT_LINES, signal }),
      failed,
    );
    if (answer === null) return;
    const output = { ...this.#tidy(answer), error: null };
    this.#report({ type: 'output', output });
  }

  async #lookAtKeys(node: string): Promise<void> {
    const url = this.#parts.state().nodes.find((one) => one.node === node)?.url;
    if (url === undefined) return;
    const failed = (error: unknown): void => {
      const blank = { node, items: [], more: false, error: this.#words(error) };
      this.#report({ type: 'keys', keys: blank });
    };
    const answer = await this.#questions.ask(
      `keys ${node}`,
      url,
      (client, signal) => client.listKeys({ limit: KEYS_MAX, signal }),
      failed,
    );
    if (answer === null) return;
    const { items, next } = this.#tidy(answer);
    this.#report({ type: 'keys', keys: { node, items, more: next !== null, error: null } });
  }

  async #lookAtStory(index: number): Promise<void> {
    const state = this.#parts.state();
    const view = masterView(state) ?? state.nodes[0];
    if (view === undefined) return;
    const unknown = {
      index,
      node: view.node,
      state: 'unknown',
      complete: false,
      lines: [],
    } as const;
    const found = await this.#questions.ask(
      `story ${index}`,
      view.url,
      async (client, signal) => ({ story: await client.story(index, { signal }) }),
      () => this.#report({ type: 'story', story: unknown }),
    );
    if (found === null) return;
    const story = found.story === null ? unknown : { ...this.#tidy(found.story), state: 'told' };
    this.#report({ type: 'story', story: story as ClusterState['story'] });
  }

  /** Own writes that wait: where they stand, and who has them. */
  #lookAtWrites(): Promise<void>[] {
    const state = this.#parts.state();
    const url = masterView(state)?.url;
    if (url === undefined) return [];
    const waiting = state.own.filter((write) => write.state === 'waiting').slice(-4);
    return waiting.map((write) => this.#lookAtWrite(write, url));
  }

  async #lookAtWrite(write: OwnWrite, url: string): Promise<void> {
    const outcome = await this.#questions.ask(`outcome ${write.key}`, url, (client, signal) => {
      return client.outcome(write.key, { signal });
    });
    if (outcome === null) return;
    const { own } = this.#parts.state();
    if (own.find(({ key }) => key === write.key)?.state !== 'waiting') return;
    const { index, acks } = this.#tidy(outcome);
    this.#report({ type: 'write', write: { ...write, index, acks } });
  }

  #words(error: unknown): string {
    return this.#parts.clean(error instanceof Error ? error.message : String(error)).slice(0, 200);
  }
}
