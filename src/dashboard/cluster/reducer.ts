// From what was learnt to what is known: a pure function. The rule: everything that grows is cut to
// a length, so that a dashboard that runs for a week is no larger than one that runs for a minute.

import { faultWords } from '../../client/fault-words.ts';
import { changesOfHealth, changesOfNodes } from './changes.ts';
import type {
  ClusterState,
  Counts,
  Happening,
  News,
  NodeView,
  Observation,
  SeenNode,
  Tail,
} from './cluster-state.ts';
import { sampled } from './rates.ts';

/** Events kept: more than any screen shows. */
const HAPPENINGS_MAX = 200;

/** Own writes kept; those that still wait are dropped last. */
const OWN_MAX = 20;

/** A node that is silent for less is no event: every process pauses now and then. */
const SILENCE_MS = 1_000;

const NO_TAIL: Tail = { from: 1, known: 0, lastIndex: 0, epoch: 0, entries: new Map() };

/** The state after an observation. */
export function reduce(state: ClusterState, observation: Observation): ClusterState {
  const next = { ...state, now: observation.now };
  switch (observation.type) {
    case 'nodes':
      return withNodes(next, observation);
    case 'health': {
      const told = changesOfHealth(state, observation.node, observation.health);
      const heard = withNode(next, observation.node, (node) => ({
        ...node,
        health: observation.health,
        role: observation.health.role ?? node.role,
        seenAt: observation.now,
        silentSince: null,
        silenceTold: false,
        // A process that came back with less must not be credited with what it had.
        tail: observation.health.lastIndex < (node.health?.lastIndex ?? 0) ? NO_TAIL : node.tail,
      }));
      return withHappenings(heard, observation.time, told);
    }
    case 'silence':
      return withNode(next, observation.node, (node) => ({
        ...node,
        silentSince: node.silentSince ?? observation.now,
      }));
    case 'launcher-silence':
      return withoutLauncher(next, observation.time);
    case 'tail':
      return withNode(next, observation.node, (node) => withTail(node, observation));
    case 'round': {
      const lastIndex = highestIndex(next);
      const rounds = state.rounds + 1;
      return withSilences({ ...sampled(next, lastIndex), lastIndex, rounds }, observation.time);
    }
    case 'faults':
      return withFaults(next, observation);
    case 'counts':
      return withCounts(next, observation.counts, observation.time);
    case 'said':
      return withHappenings(next, observation.time, [observation]);
    case 'load':
      return { ...next, loadOn: observation.on };
    case 'write':
      return withWrite(next, observation);
    case 'story':
      return { ...next, story: observation.story };
    case 'output':
      return { ...next, output: observation.output };
    case 'keys':
      return { ...next, keys: observation.keys };
  }
}

type Of<Type extends Observation['type']> = Extract<Observation, { type: Type }>;

function withNodes(state: ClusterState, { nodes, name, time }: Of<'nodes'>): ClusterState {
  const known = new Map(state.nodes.map((node) => [node.node, node]));
  const next = nodes.map((seen) => nodeFrom(seen, known.get(seen.node)));
  const back = { text: 'the launcher answers again', tone: 'good' } as const;
  const told = [
    ...(state.launcherSilentSince === null ? [] : [back]),
    ...changesOfNodes(state.nodes, nodes),
  ];
  const isHere = next.some(({ node }) => node === state.firstNode);
  const firstNode = isHere ? state.firstNode : (next[0]?.node ?? null);
  const heard = { ...state, name: name || state.name, nodes: next, firstNode };
  return withHappenings({ ...heard, launcherSilentSince: null }, time, told);
}

/** What the launcher said of processes is not known any more. */
function withoutLauncher(state: ClusterState, time: string): ClusterState {
  if (state.launcherSilentSince !== null) return state;
  const nodes = state.nodes.map((node) => ({ ...node, process: null }));
  const next = { ...state, nodes, launcherSilentSince: state.now };
  return withHappenings(next, time, [{ text: 'the launcher does not answer', tone: 'bad' }]);
}

/** Nodes that have been silent for a while. Of a process that is known to be over, or paused, it
 * was told already. */
function withSilences(state: ClusterState, time: string): ClusterState {
  const isNews = ({ silentSince, silenceTold, process }: NodeView): boolean =>
    silentSince !== null &&
    state.now - silentSince >= SILENCE_MS &&
    !silenceTold &&
    (process === null || process === 'running');
  const news = state.nodes.filter(isNews);
  if (news.length === 0) return state;
  const nodes = state.nodes.map((one) =>
    news.includes(one) ? { ...one, silenceTold: true } : one,
  );
  const told = news.map(({ node }) => ({ text: `${node} does not answer`, tone: 'bad' as const }));
  return withHappenings({ ...state, nodes }, time, told);
}

/** The list says what a process is; how the node is heard says the rest. */
function nodeFrom(seen: SeenNode, known: NodeView | undefined): NodeView {
  const { node, url, role, pid, state } = seen;
  const another = known === undefined || known.url !== url;
  if (another) {
    return {
      ...{ node, url, role, pid, process: state, health: null, seenAt: null, faults: null },
      silentSince: null,
      silenceTold: false,
      tail: NO_TAIL,
    };
  }
  // Faults die with their process, and what it was owed by them.
  const over = state === 'stopped' || state === 'exited';
  return { ...known, role, pid, process: state, faults: over ? null : known.faults };
}

function withNode(
  state: ClusterState,
  node: string,
  change: (node: NodeView) => NodeView,
): ClusterState {
  const nodes = state.nodes.map((one) => (one.node === node ? change(one) : one));
  return { ...state, nodes };
}

function withTail(node: NodeView, { from, to, page }: Of<'tail'>): NodeView {
  const entries = new Map(page.entries.map((entry) => [entry.index, entry]));
  const epoch = node.health?.epoch ?? 0;
  return { ...node, tail: { from, known: to, lastIndex: page.lastIndex, epoch, entries } };
}

function withHappenings(state: ClusterState, time: string, told: readonly News[]): ClusterState {
  if (told.length === 0) return state;
  const added: Happening[] = told.map(({ text, tone }) => ({ time, text, tone }));
  return { ...state, happenings: [...state.happenings, ...added].slice(-HAPPENINGS_MAX) };
}

function withFaults(state: ClusterState, { node, report, time }: Of<'faults'>): ClusterState {
  const faults = report?.faults ?? null;
  const before = state.nodes.find((one) => one.node === node)?.faults ?? {};
  const next = withNode(state, node, (one) => ({ ...one, faults }));
  const [was, is] = [faultWords(before), faultWords(faults ?? {})];
  if (was === is || (is === '' && faults === null)) return next;
  const text = is === '' ? `${node}: no faults any more` : `${node}: faults ${is}`;
  // Somebody who goes through the menu changes them key by key: the last word is what counts.
  const isMore = is !== '' && next.happenings.at(-1)?.text.startsWith(`${node}: faults `);
  const told = isMore ? { ...next, happenings: next.happenings.slice(0, -1) } : next;
  return withHappenings(told, time, [{ text, tone: is === '' ? 'good' : 'warn' }]);
}

function withCounts(state: ClusterState, counts: Counts | null, time: string): ClusterState {
  const before = state.counts;
  const next = { ...state, counts, countsBefore: before };
  if (counts === null || before === null) return next;
  const more = counts.duplicates - before.duplicates;
  if (more <= 0) return next;
  const text = `${more} repeated ${more === 1 ? 'request' : 'requests'} suppressed as duplicate`;
  return withHappenings(next, time, [{ text, tone: 'plain' }]);
}

function withWrite(state: ClusterState, { write, time }: Of<'write'>): ClusterState {
  const before = state.own.find(({ key }) => key === write.key);
  const others = state.own.filter(({ key }) => key !== write.key);
  const all = before === undefined ? [...others, write] : state.own.map(replaceBy(write));
  const over = all.length - OWN_MAX;
  const oldest = new Set([...all].sort(waitingLast).slice(0, Math.max(0, over)));
  const next = { ...state, own: all.filter((one) => !oldest.has(one)) };
  if (write.state === 'waiting') return next;
  const place = write.index === null ? '' : ` as #${write.index}`;
  const told =
    write.state === 'done'
      ? `stored${place}, acks ${write.acks.join(' ')} (w=${write.w}, ${write.ms} ms)`
      : `append with w=${write.w} failed${place}: ${write.error}`;
  return withHappenings(next, time, [
    { text: told, tone: write.state === 'done' ? 'good' : 'bad' },
  ]);
}

const replaceBy =
  <One extends { readonly key: string }>(write: One) =>
  (one: One): One =>
    one.key === write.key ? write : one;

function waitingLast(a: { state: string }, b: { state: string }): number {
  return Number(a.state === 'waiting') - Number(b.state === 'waiting');
}

function highestIndex(state: ClusterState): number {
  const heard = state.nodes.filter(({ role }) => role !== 'removed');
  const last = heard.map(({ health }) => health?.lastIndex ?? 0);
  return Math.max(0, ...last);
}
