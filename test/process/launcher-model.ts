// What a launcher must make of what it is asked to do, without a process, a socket or a word of its
// sources: the README and `--help`, as a function from one world to the next.

import type { ChildState } from '../../src/cluster/process/child.ts';

/** In which a node is found when nothing is under way. */
type Phase = Extract<ChildState, 'running' | 'paused' | 'stopped' | 'exited'>;

/** A cluster in which nothing is under way. */
export interface World {
  readonly nodes: Readonly<Record<string, Phase>>;
  /** Removed from it, and still serving what they had. */
  readonly removed: readonly string[];
  /** Ids that the cluster has used. */
  readonly used: readonly string[];
}

export const VERBS = ['stop', 'start', 'restart', 'kill', 'pause', 'resume'] as const;
export type Verb = (typeof VERBS)[number];

export interface Deed {
  readonly verb: Verb | 'rm' | 'add';
  /** Of an addition: null for the next free id. */
  readonly node: string | null;
  /** Something is in the way of the node's start. */
  readonly hindered?: boolean;
}

/** What comes of a deed: the HTTP status, and what is said, as `event node`. */
export interface Outcome {
  readonly world: World;
  readonly status: number;
  readonly said: readonly string[];
}

/** What comes of several, with a status for each. */
export interface Outcomes {
  readonly world: World;
  readonly statuses: readonly number[];
  readonly said: readonly string[];
}

/** The first to join: no other ever becomes master. */
export const MASTER = 'n1';

/** What one deed comes to that nothing else goes on beside. */
export function outcomeOf(world: World, deed: Deed): Outcome {
  const { verb, node } = deed;
  if (verb === 'add') return added(world, node ?? nextId(world.used));
  if (node === null) throw new Error(`${verb} of no node`);
  const phase = world.nodes[node];
  if (phase === undefined) return ofOther(world, verb, node);
  if (verb === 'rm') return node === MASTER ? refused(world) : removed(world, node, phase);
  return acted(world, node, phase, verb, deed.hindered ?? false);
}

/** What several deeds at the same moment may come to: whatever they do one after the other, and
 * what a `kill`, which waits for nobody, makes of a deed that is under way. One status each. */
export function outcomesOf(world: World, deeds: readonly Deed[]): Outcomes[] {
  return ordersOf(deeds.map((_, place) => place)).flatMap((order) => {
    let paths: Outcomes[] = [{ world, statuses: deeds.map(() => 0), said: [] }];
    for (const [turn, place] of order.entries()) {
      const before = turn === 0 ? undefined : order[turn - 1];
      paths = paths.flatMap((path): Outcomes[] => {
        const last = before === undefined ? undefined : deeds[before];
        const { status, ...next } = outcomeOf(path.world, deeds[place]!);
        const usual = {
          world: next.world,
          statuses: path.statuses.with(place, status),
          said: [...path.said, ...next.said],
        };
        const cut = last === undefined ? [] : cutShort(last, deeds[place]!, path, usual);
        const others = cut.map(({ status: other, ...short }) => ({
          ...short,
          statuses: usual.statuses.with(before!, other),
        }));
        return [usual, ...others];
      });
    }
    return paths;
  });
}

/** `kill` in the middle of the deed before it: what was to run ends, and what was to end in order
 * has not. A restart is two deeds, and goes on with the second where the first is cut short. */
function cutShort(
  last: Deed,
  kill: Deed,
  { said }: Pick<Outcomes, 'said'>,
  { world }: Pick<Outcomes, 'world'>,
): Outcome[] {
  const { node } = kill;
  if (kill.verb !== 'kill' || node === null || last.node !== node) return [];
  if (!(node in world.nodes)) return [];
  const become = (phase: Phase): World => ({ ...world, nodes: { ...world.nodes, [node]: phase } });
  const killed = `killed ${node}`;
  // One end is said once.
  const unended = unsaid(said, `stopped ${node}`);
  const stopped = { world: become('exited'), status: 200, said: [...unended, killed] };
  const unborn = unsaid(said, `started ${node}`);
  const failed = { world: become('exited'), status: 500, said: [...unborn, killed] };
  const going = { world: become('running'), status: 200, said: [...unended, killed] };
  if (last.verb === 'stop') return [stopped];
  if (last.verb === 'start') return [failed];
  return last.verb === 'restart' ? [failed, going] : [];
}

/** Without the last line of these. */
function unsaid(said: readonly string[], line: string): readonly string[] {
  const place = said.lastIndexOf(line);
  return place < 0 ? said : said.toSpliced(place, 1);
}

function acted(world: World, node: string, phase: Phase, verb: Verb, hindered: boolean): Outcome {
  const alive = phase === 'running' || phase === 'paused';
  const become = (next: Phase, ...said: string[]): Outcome => ({
    world: { ...world, nodes: { ...world.nodes, [node]: next } },
    status: 200,
    said: said.map((event) => `${event} ${node}`),
  });
  const same = { world, status: 200, said: [] };
  const started = (...said: string[]): Outcome =>
    hindered
      ? { ...become('exited', ...said, 'exit'), status: 500 }
      : become('running', ...said, 'started');
  switch (verb) {
    case 'stop':
      return alive ? become('stopped', 'stopped') : same;
    case 'kill':
      return alive ? become('exited', 'killed') : same;
    case 'start':
      if (phase === 'paused') return refused(world);
      return alive ? same : started();
    case 'restart':
      return alive ? started('stopped') : started();
    case 'pause':
      if (phase === 'paused') return same;
      return alive ? become('paused', 'paused') : refused(world);
    case 'resume':
      if (phase === 'running') return same;
      return alive ? become('running', 'resumed') : refused(world);
  }
}

/** One that was removed can only be ended; of any other nothing is known. */
function ofOther(world: World, verb: Deed['verb'], node: string): Outcome {
  if (!world.removed.includes(node) || verb === 'rm') return { world, status: 404, said: [] };
  if (verb !== 'stop' && verb !== 'kill') return refused(world);
  const said = [`${verb === 'stop' ? 'stopped' : 'killed'} ${node}`];
  return { world: without(world, node), status: 200, said };
}

function added(world: World, node: string): Outcome {
  if (node in world.nodes) return refused(world);
  const dismissed = world.removed.includes(node) ? [`stopped ${node}`] : [];
  const { nodes, removed, used } = without(world, node);
  return {
    world: {
      nodes: { ...nodes, [node]: 'running' },
      removed,
      used: [...new Set([...used, node])],
    },
    status: 201,
    said: [...dismissed, `added ${node}`],
  };
}

/** A process that runs goes on; one that stands still is ended, as it cannot be told. */
function removed(world: World, node: string, phase: Phase): Outcome {
  const { nodes, removed: gone, used } = without(world, node);
  return {
    world: { nodes, removed: phase === 'running' ? [...gone, node] : gone, used },
    status: 200,
    said: [`removed ${node}`],
  };
}

/** The world after the node's process has ended by a hand from outside. */
export function diedIn(world: World, node: string): Outcome {
  const said = [`exit ${node}`];
  if (!(node in world.nodes)) return { world: without(world, node), status: 200, said };
  return { world: { ...world, nodes: { ...world.nodes, [node]: 'exited' } }, status: 200, said };
}

/** The world after the cluster was started again. */
export function startedAgain(world: World): World {
  const nodes = Object.keys(world.nodes).map((node) => [node, 'running'] as const);
  return { ...world, nodes: Object.fromEntries(nodes), removed: [] };
}

const refused = (world: World): Outcome => ({ world, status: 409, said: [] });

function without({ nodes, removed, used }: World, node: string): World {
  const { [node]: _, ...others } = nodes;
  return { nodes: others, removed: removed.filter((one) => one !== node), used };
}

function nextId(used: readonly string[]): string {
  return `n${Math.max(...used.map((id) => Number(id.slice(1)))) + 1}`;
}

function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, place) =>
    ordersOf(items.toSpliced(place, 1)).map((rest) => [item, ...rest]),
  );
}
