// A running cluster on this machine: one child process per node, the arbiter and the control routes
// in this one.
//
// Invariants:
// 1. The configured size is the number of nodes, whatever state their processes are in.
// 2. Of each node at most one thing is done at a time; `kill` alone does not wait for its turn.
// 3. After `stop` no child is left.

import type { RunningArbiter } from '../node/arbiter/serve-arbiter.ts';
import type { Tokens } from '../node/http/tokens.ts';
import { perform, retire } from './actions.ts';
import { ArbiterLink } from './arbiter-link.ts';
import type { Action, ClusterView, Control, NodeView } from './control.ts';
import { Conflict } from './control.ts';
import type { Member } from './crew.ts';
import { Crew } from './crew.ts';
import type { Layout, NodePlace } from './files/layout.ts';
import { placeOf } from './files/layout.ts';
import type { ChildListener, ChildSpec } from './process/child.ts';
import { Child } from './process/child.ts';
import type { NumberedLines } from './process/lines.ts';
import { Turns } from './process/turns.ts';
import type { ClusterEvent, ProcessEvent, ReadyEvent } from './report.ts';
import { Bulletin } from './start/bulletin.ts';
import { nextFreePort } from './start/ports.ts';
import { ReadinessProbe } from './start/readiness-probe.ts';
import { NotReady } from './start/ready.ts';

/** What a launcher works with. */
export interface LauncherParts {
  readonly layout: Layout;
  /** Ids that were used before; they are not given to new nodes. */
  readonly usedIds: readonly string[];
  readonly tokens: Tokens | null;
  /** How long the proof of readiness may take. */
  readonly readyWithinMs: number;
  readonly specOf: (place: NodePlace, arbiterUrl: string) => ChildSpec;
  readonly onEvent: (event: ClusterEvent) => void;
  /** A line of a child's output that is no event. */
  readonly onLine: (node: string, line: string) => void;
  /** Something that the registry or the roster shows has changed. Returns why the roster does not
   * say so; null: it does. */
  readonly onChange: (view: ClusterView, usedIds: readonly string[]) => string | null;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export class Launcher implements Control {
  readonly #parts: LauncherParts;
  readonly #arbiter: RunningArbiter;
  readonly #link: ArbiterLink;
  readonly #bulletin: Bulletin;
  readonly #crew: Crew;
  readonly #turns = new Turns();
  readonly #end = new AbortController();
  readonly #probe: ReadinessProbe;
  #stopped: Promise<void> | null = null;
  /** Why the roster does not say what the cluster is; null: it does. */
  #unnoted: string | null = null;

  constructor(parts: LauncherParts, arbiter: RunningArbiter) {
    this.#parts = parts;
    this.#arbiter = arbiter;
    this.#link = new ArbiterLink(arbiter, parts.tokens);
    this.#bulletin = new Bulletin(parts.onEvent);
    this.#crew = new Crew(parts.layout, parts.usedIds);
    const pace = { now: parts.now, sleep: parts.sleep, signal: this.#end.signal };
    this.#probe = new ReadinessProbe(this.#link, pace, () => this.#crew.ids);
    for (const place of parts.layout.nodes) this.#enrol(place);
  }

  /** Starts all nodes at once; resolves when the cluster is proved to be ready. If a node ends, or
   * time runs out without progress, nothing is left running and it rejects with ChildFailed or
   * NotReady. */
  async start(): Promise<ReadyEvent> {
    const children = this.#crew.members.map(({ child }) => child);
    try {
      await this.#forgetStrangers();
      const starts = children.map((child) => child.start());
      const ends = children.map(async (child) => {
        await child.ended;
        throw child.failure();
      });
      await Promise.race([Promise.all([this.#proof(), ...starts]), ...ends]);
    } catch (error) {
      // Whoever stopped it meanwhile has asked for an orderly end.
      await (this.#end.signal.aborted ? this.stop() : this.kill());
      throw error;
    }
    const { nodes, size: _, removed: __, ...cluster } = this.view();
    const ready: ReadyEvent = {
      event: 'ready',
      ...cluster,
      nodes: nodes.map(({ node, role, url, pid }) => ({ node, role, url, pid })),
      ms: Math.round(this.#parts.now()),
    };
    this.#bulletin.open(ready);
    return ready;
  }

  /** Stops all nodes, paused ones too, then the arbiter. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Ends all processes at once. */
  async kill(): Promise<void> {
    const ends = this.#crew.all.map(({ child }) => child.kill());
    await Promise.all([...ends, this.stop()]);
  }

  view(): ClusterView {
    const { name, dataDir } = this.#parts.layout;
    return {
      name,
      pid: process.pid,
      size: this.#crew.size,
      arbiter: this.#arbiter.url,
      control: this.#arbiter.url,
      dataDir,
      nodes: this.#crew.members.map((member) => this.#viewOf(member)),
      removed: this.#crew.removed.map((member) => this.#viewOf(member)),
    };
  }

  async act(node: string, action: Action): Promise<NodeView> {
    const work = () => this.#act(node, action);
    const member = await (action === 'kill' ? work() : this.#turns.take(node, work));
    if (action === 'start' || action === 'restart') await this.#probe.returned(member.place);
    return this.#viewOf(member);
  }

  /** The node is looked up when its turn has come: one that was removed meanwhile would be started
   * again, and would come back as a member that nobody knows. */
  async #act(node: string, action: Action): Promise<Member> {
    const gone = this.#crew.gone(node);
    if (gone !== undefined) {
      await this.#dismiss(gone, action);
      return gone;
    }
    const member = this.#crew.member(node);
    this.#refuseWhileStopping();
    await perform(member.child, action, (what) => this.#say(what, member));
    return member;
  }

  output(node: string, lines: number): NumberedLines {
    return (this.#crew.gone(node) ?? this.#crew.member(node)).child.output(lines);
  }

  add(id?: string): Promise<NodeView> {
    return this.#turns.take(WHOLE_CLUSTER, async () => {
      this.#refuseWhileStopping();
      const node = id ?? this.#crew.nextId;
      if (this.#crew.has(node)) throw new Conflict(`there is a node ${node} already`);
      const earlier = this.#crew.gone(node);
      if (earlier !== undefined) await this.#dismiss(earlier, 'stop');
      const port = await nextFreePort(this.#crew.nextPort);
      this.#refuseWhileStopping();
      const member = this.#enrol(placeOf(node, port, this.#parts.layout.dataDir));
      // First the size, then the node: the other way round, a majority of the old size could
      // decide over the new cluster.
      this.#arbiter.setSize(this.#crew.size);
      try {
        await member.child.start();
      } catch (error) {
        // It has ended, and is none of this cluster's any more.
        await this.#strike(member);
        throw error;
      }
      await this.#probe.joined(node);
      this.#say('added', member);
      return this.#noted(member);
    });
  }

  remove(node: string): Promise<NodeView> {
    return this.#turns.take(WHOLE_CLUSTER, async () => {
      const member = this.#crew.member(node);
      this.#refuseWhileStopping();
      if (this.#link.roleOf(node) === 'master') {
        throw new Conflict(`${node} is the master; only a secondary can be removed`);
      }
      await this.#turns.take(node, async () => {
        if (await retire(member.child)) this.#crew.release(member);
        await this.#strike(member);
      });
      await this.#probe.left();
      this.#say('removed', member);
      return this.#noted(member);
    });
  }

  /** Tells the nodes which tokens count now; those that start later know it from their start. */
  handOnTokens(): void {
    const { tokens } = this.#parts;
    if (tokens === null) return;
    for (const { child } of this.#crew.all) child.tell({ type: 'tokens', tokens: tokens.all });
  }

  async #proof(): Promise<void> {
    const { readyWithinMs } = this.#parts;
    const missing = await this.#probe.proved(readyWithinMs);
    if (missing === null) return;
    const lines = this.#crew.members.flatMap(({ child }) => child.lastWords());
    throw new NotReady(`not ready, no progress for ${readyWithinMs / 1_000} s: ${missing}`, lines);
  }

  async #stop(): Promise<void> {
    this.#end.abort();
    this.#bulletin.say({ event: 'stopping' });
    const ends = this.#crew.all.map(({ child }) => child.stop({ forGood: true }));
    await Promise.all(ends);
    await this.#arbiter.stop();
    this.#bulletin.say({ event: 'stopped' });
  }

  /** A folder may remember nodes that this cluster was started without: they have left. */
  async #forgetStrangers(): Promise<void> {
    for (const { node } of this.#arbiter.members()) {
      if (!this.#crew.has(node)) await this.#link.leave(node);
    }
  }

  #enrol(place: NodePlace): Member {
    const spec = this.#parts.specOf(place, this.#arbiter.url);
    const member: Member = { place, child: new Child(spec, this.#listenerOf(place.node)) };
    this.#crew.enrol(member);
    return member;
  }

  async #strike({ place }: Member): Promise<void> {
    await this.#link.leave(place.node);
    this.#crew.strike(place.node);
    this.#arbiter.setSize(this.#crew.size);
    this.#changed();
  }

  /** Ends the process of a node that was removed: the one thing that can still be done to it. */
  async #dismiss(member: Member, action: Action): Promise<void> {
    const { node } = member.place;
    if (action !== 'stop' && action !== 'kill') {
      throw new Conflict(`${node} was removed; it can only be stopped`);
    }
    await perform(member.child, action, (what) => this.#say(what, member));
  }

  #listenerOf(node: string): ChildListener {
    return {
      onEvent: ({ event, ...fields }) => {
        if (event === 'listening') return;
        // What a node reports of a member names that member.
        this.#bulletin.say({ event, node, ...fields });
        if (event === 'role') this.#changed();
      },
      onLine: (line) => this.#parts.onLine(node, line),
      onEnd: ({ code, signal, expected }) => {
        const lines = this.#crew.find(node)?.child.lastLines ?? [];
        this.#crew.forget(node);
        if (expected || this.#end.signal.aborted) return;
        this.#bulletin.say({ event: 'exit', node, code, signal, lines });
        this.#changed();
      },
    };
  }

  #say(event: ProcessEvent['event'], { child, place }: Member): void {
    this.#bulletin.say({ event, node: place.node, url: place.url, pid: child.pid });
    this.#changed();
  }

  #changed(): void {
    if (this.#end.signal.aborted) return;
    this.#unnoted = this.#parts.onChange(this.view(), this.#crew.usedIds);
  }

  /** Whoever changed the cluster learns that its next start would not know it. */
  #noted(member: Member): NodeView {
    const view = this.#viewOf(member);
    if (this.#unnoted === null) return view;
    const warning = `${this.#unnoted}; until that works, a restart of the cluster undoes this`;
    return { ...view, warning };
  }

  #viewOf({ place, child }: Member): NodeView {
    const removed = this.#crew.gone(place.node) !== undefined;
    const role = removed ? 'removed' : this.#link.roleOf(place.node);
    return { node: place.node, role, url: place.url, pid: child.pid, state: child.state };
  }

  #refuseWhileStopping(): void {
    if (this.#end.signal.aborted) throw new Conflict('the cluster is being stopped');
  }
}

/** A turn that is no node's: adding and removing change the size, one at a time. */
const WHOLE_CLUSTER = '*';
