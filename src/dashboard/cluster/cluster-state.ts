// What the dashboard knows of a cluster, and what it can learn. All of it is plain data: the
// reducer makes one from the other, the views only read it. Times named `now` are monotonic
// milliseconds.

import type {
  ClusterNode,
  FaultReport,
  Faults,
  Health,
  LogEntry,
  LogPage,
  MasterHealth,
  MemberHealth,
  WriteConcern,
} from '../../client/answers.ts';

/** One node, as last seen. */
export interface NodeView {
  readonly node: string;
  readonly url: string;
  readonly role: string | null;
  /** What the launcher says of the process; null without a launcher. */
  readonly process: string | null;
  readonly pid: number | null;
  readonly health: Health | null;
  /** When it last answered; null: never. */
  readonly seenAt: number | null;
  /** Since when it has not answered; null: it does. */
  readonly silentSince: number | null;
  /** That it does not answer has been told as an event. */
  readonly silenceTold: boolean;
  readonly tail: Tail;
  /** null: it has no such routes, or has not been asked. */
  readonly faults: Faults | null;
}

/** A piece of a node's log: everything it shows between two indexes. */
export interface Tail {
  readonly from: number;
  /** Up to here entries were asked for; 0: none ever were. */
  readonly known: number;
  /** Last index the node had when the piece was read. */
  readonly lastIndex: number;
  /** Epoch of the node when the piece was read: in another one other entries may stand there. */
  readonly epoch: number;
  readonly entries: ReadonlyMap<number, LogEntry>;
}

export type Tone = 'plain' | 'good' | 'warn' | 'bad';

/** Something that happened. */
export interface Happening {
  /** Of the day, for people: `10:42:07`. */
  readonly time: string;
  readonly text: string;
  readonly tone: Tone;
}

/** News, before it is said when they came. */
export type News = Omit<Happening, 'time'>;

/** A write that this dashboard has sent. */
export interface OwnWrite {
  readonly key: string;
  readonly message: string;
  readonly w: WriteConcern;
  readonly state: 'waiting' | 'done' | 'failed';
  readonly index: number | null;
  readonly acks: readonly string[];
  readonly sentAt: number;
  readonly ms: number | null;
  readonly error: string | null;
}

/** What the master has counted since its process started. */
export interface Counts {
  readonly waiting: number;
  readonly duplicates: number;
  /** How long all writes took together, in milliseconds. */
  readonly sumMs: number;
  /** Writes per upper bound of their span, in milliseconds, cumulative. */
  readonly buckets: readonly (readonly [upToMs: number, count: number])[];
}

/** How long writes took, as far as the master's histogram can tell. */
export interface WriteSpan {
  readonly ms: number;
  /** It was longer than that, by nobody knows how much. */
  readonly isMore: boolean;
}

/** Curves: one sample a second. */
export interface Rates {
  readonly perSecond: readonly number[];
  /** In milliseconds; null: no writes, infinite: beyond what the master's histogram can tell. */
  readonly p99s: readonly (number | null)[];
  readonly p50: WriteSpan | null;
  readonly p99: WriteSpan | null;
  readonly sampledAt: number | null;
  readonly sampledIndex: number;
}

export interface Story {
  readonly index: number;
  readonly node: string;
  readonly state: 'asked' | 'told' | 'unknown';
  readonly complete: boolean;
  readonly lines: readonly { ms: number; event: string; peer: string | null; text: string }[];
}

/** A node's output: numbered lines. */
export interface Output {
  readonly node: string;
  readonly first: number;
  readonly lines: readonly string[];
  readonly error: string | null;
}

/** A node's keys. */
export interface Keys {
  readonly node: string;
  readonly items: readonly { key: string; value: string; index: number }[];
  readonly more: boolean;
  readonly error: string | null;
}

export interface ClusterState {
  readonly name: string;
  /** Base URL of the launcher; null if none is known. */
  readonly control: string | null;
  /** Since when the launcher has not answered; null: it does, or none is known. */
  readonly launcherSilentSince: number | null;
  readonly nodes: readonly NodeView[];
  /** The node that stood first when it was first seen: chosen until somebody chooses, also when
   * another one comes to stand before it. null: there are no nodes. */
  readonly firstNode: string | null;
  /** Highest index that any node had in the last complete round. */
  readonly lastIndex: number;
  readonly happenings: readonly Happening[];
  readonly own: readonly OwnWrite[];
  readonly counts: Counts | null;
  readonly countsBefore: Counts | null;
  readonly rates: Rates;
  readonly loadOn: boolean;
  readonly story: Story | null;
  readonly output: Output | null;
  readonly keys: Keys | null;
  readonly now: number;
  readonly rounds: number;
}

/** What can be learnt. `now` and `time` say when. */
export type Observation = { readonly now: number; readonly time: string } & (
  | { readonly type: 'nodes'; readonly name: string; readonly nodes: readonly SeenNode[] }
  | { readonly type: 'health'; readonly node: string; readonly health: Health }
  | { readonly type: 'silence'; readonly node: string }
  | { readonly type: 'launcher-silence' }
  | {
      readonly type: 'tail';
      readonly node: string;
      readonly from: number;
      readonly to: number;
      readonly page: LogPage;
    }
  | { readonly type: 'round' }
  | { readonly type: 'faults'; readonly node: string; readonly report: FaultReport | null }
  | { readonly type: 'counts'; readonly counts: Counts | null }
  | { readonly type: 'said'; readonly text: string; readonly tone: Tone }
  | { readonly type: 'load'; readonly on: boolean }
  | { readonly type: 'write'; readonly write: OwnWrite }
  | { readonly type: 'story'; readonly story: Story | null }
  | { readonly type: 'output'; readonly output: Output | null }
  | { readonly type: 'keys'; readonly keys: Keys | null }
);

/** A node in a list of nodes: the launcher's, or the master's. */
export type SeenNode = Pick<ClusterNode, 'node' | 'url' | 'role'> & {
  readonly pid: number | null;
  readonly state: string | null;
};

/** Nothing is known yet. */
export function blankState(control: string | null, name: string): ClusterState {
  return {
    name,
    control,
    launcherSilentSince: null,
    nodes: [],
    firstNode: null,
    lastIndex: 0,
    happenings: [],
    own: [],
    counts: null,
    countsBefore: null,
    rates: { perSecond: [], p99s: [], p50: null, p99: null, sampledAt: null, sampledIndex: 0 },
    loadOn: false,
    story: null,
    output: null,
    keys: null,
    now: 0,
    rounds: 0,
  };
}

/** The health of the master that was heard last, in the highest epoch; null if none ever was. */
export function masterOf(state: ClusterState): MasterHealth | null {
  let found: MasterHealth | null = null;
  for (const { health } of state.nodes) {
    if (health?.role === 'master' && health.epoch >= (found?.epoch ?? 0)) found = health;
  }
  return found;
}

/** The node of that master; undefined if none ever was heard. */
export function masterView(state: ClusterState): NodeView | undefined {
  const master = masterOf(state);
  return state.nodes.find(({ node }) => node === master?.node);
}

/** Whether the master answers now. */
export function masterAnswers(state: ClusterState): boolean {
  return masterView(state)?.silentSince === null;
}

/** What the master says of a node. */
export function memberOf(state: ClusterState, node: string): MemberHealth | null {
  return masterOf(state)?.members.find((member) => member.node === node) ?? null;
}

/** When a node that does not answer was heard last; null: it answers, or never has. */
export function staleSince({ seenAt, silentSince }: NodeView): number | null {
  return silentSince === null ? null : seenAt;
}

/** For how long a node has not answered, in milliseconds: a question that nobody answered was given
 * up later than the node was last heard. null: it does. */
export function silenceOf({ now }: ClusterState, view: NodeView): number | null {
  return view.silentSince === null ? null : now - (view.seenAt ?? view.silentSince);
}
