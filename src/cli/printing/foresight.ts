// What would happen to the cluster without these nodes. Pure: told from what a master says of
// itself in `GET /health`, which may be old a moment later.

import type { MasterHealth, MemberHealth } from '../../client/answers.ts';
import { counted } from './counted.ts';
import { listed } from './listed.ts';

/** What can be thought of. */
export type Misfortune = 'kill' | 'stop' | 'pause' | 'rm';

export interface Prospect {
  readonly mode: 'read-write' | 'read-only';
  readonly size: number;
  readonly alive: number;
  readonly needed: number;
  readonly satisfiable: number;
  readonly indispensable: readonly string[];
  /** First and last index that only the master would still have; null: there is none. */
  readonly onlyOnMaster: readonly [number, number] | null;
  readonly lines: readonly string[];
}

/** A dead node is noticed at the latest after this (contract, section 5). */
export const NOTICED_AFTER = '4 s';

/** Another node leads after this, where one takes over: members wait 5 s. With an empty log it
 * waits for the master to be Unhealthy: that may have what it lost. */
const REPLACED_AFTER = { usual: 'some 6 s', empty: 'some 10 s' };

export const majorityOf = (size: number): number => Math.floor(size / 2) + 1;

/** What the cluster would be without `nodes`. They are members of it. `launched`: a launcher is
 * known that can bring them back. */
export function whatIf(
  health: MasterHealth,
  misfortune: Misfortune,
  nodes: readonly string[],
  launched = true,
): Prospect {
  const { node: master } = health;
  if (misfortune !== 'rm' || !nodes.includes(master)) {
    return without(health, misfortune, nodes, launched);
  }
  // A master is not removed. Those that are named with it are, one after the other.
  const others = nodes.filter((node) => node !== master);
  const prospect = without(health, misfortune, others, launched);
  const refused = `would be refused: ${master} is the master, and stays a member`;
  return { ...prospect, lines: [refused, ...(others.length === 0 ? [] : prospect.lines)] };
}

function without(
  health: MasterHealth,
  misfortune: Misfortune,
  nodes: readonly string[],
  launched: boolean,
): Prospect {
  const { members, quorum, node: master } = health;
  const gone = new Set(nodes);
  const left = members.filter(({ node }) => !gone.has(node));
  const size = misfortune === 'rm' ? quorum.size - nodes.length : quorum.size;
  const needed = majorityOf(size);
  const alive = left.filter(isAlive).length;
  const healthy = left.filter(({ status }) => status === 'Healthy');
  const withoutMaster = gone.has(master);
  const readOnly = withoutMaster || alive < needed;
  const next = { size, needed, alive };
  const known = {
    ...next,
    mode: readOnly ? ('read-only' as const) : ('read-write' as const),
    satisfiable: readOnly ? 0 : healthy.length,
    indispensable: readOnly ? [] : indispensableIn(left, master, next),
    onlyOnMaster: withoutMaster ? null : onlyOnMaster(health, left),
  };
  if (withoutMaster && health.failover === true && alive >= needed) {
    const writes = { mode: 'read-write' as const, satisfiable: healthy.length };
    const lines = takeover(health, left, misfortune);
    const limit = limitLine(healthy.length, size);
    return { ...known, ...writes, lines: [...lines, limit.replace('now', 'then')] };
  }
  if (withoutMaster) {
    const back = returnOfMaster(master, misfortune, launched);
    const others = othersBeside(health, gone, needed - alive - 1);
    return { ...known, lines: mastersEnd(health, misfortune, `${back}${others}`, left) };
  }
  return { ...known, lines: secondariesEnd(health, misfortune, nodes, known) };
}

function takeover(
  { lastIndex, node: master, quorum }: MasterHealth,
  left: readonly MemberHealth[],
  misfortune: Misfortune,
): string[] {
  const after = lastIndex === 0 ? REPLACED_AFTER.empty : REPLACED_AFTER.usual;
  const heirs = left.filter(isAlive).map(nameOf);
  const waiting =
    misfortune === 'pause'
      ? `clients that wait now are told so when ${master} goes on`
      : 'clients that wait now hear no answer: their outcome is open';
  return [
    `no writes for ${after}, until ${heirs.join(' or ')} is master; ${waiting}`,
    `what fewer than ${majorityOf(quorum.size)} nodes have by then is dropped`,
    `reads go on at ${listed(heirs)} (read=local)`,
  ];
}

function returnOfMaster(node: string, misfortune: Misfortune, launched: boolean): string {
  const pause = misfortune === 'pause';
  // Single nodes are brought back where they run: no command of ours does it.
  if (!launched) return `${node} is ${pause ? 'resumed' : 'started again'}`;
  return `\`replog ${pause ? 'resume' : 'start'} ${node}\``;
}

function mastersEnd(
  { failover, lastIndex }: MasterHealth,
  misfortune: Misfortune,
  back: string,
  left: readonly MemberHealth[],
): string[] {
  const waiting =
    misfortune === 'pause'
      ? 'clients that write wait until then'
      : 'clients that wait now hear no answer: their outcome is open';
  const nobody = failover ? 'too few are left for another master' : 'nobody replaces the master';
  const readers = left.filter(isAlive).map(nameOf);
  const reads = readers.length === 0 ? 'no reads either' : `reads go on at ${listed(readers)}`;
  return [
    `no writes until ${back}: ${nobody}; ${waiting}`,
    `${reads} (read=local; log up to index ${lastIndex})`,
  ];
}

/** Who is needed beside a master that has come back, where so many are lacking still. */
function othersBeside(
  { members, node: master }: MasterHealth,
  gone: ReadonlySet<string>,
  lacking: number,
): string {
  if (lacking <= 0) return '';
  const missing = members.filter((member) => gone.has(member.node) || !isAlive(member));
  const others = missing.map(nameOf).filter((node) => node !== master);
  return `, and until ${returnOf(others, lacking)}`;
}

/** Who has to be there again, where so many are lacking. */
function returnOf(missing: readonly string[], lacking: number): string {
  if (missing.length === 0) return 'others have joined';
  if (missing.length <= lacking) return `${listed(missing)} ${are(missing)} back`;
  const some = lacking === 1 ? 'one' : `${lacking}`;
  return `${some} of ${listed(missing)} ${lacking === 1 ? 'is' : 'are'} back`;
}

function secondariesEnd(
  health: MasterHealth,
  misfortune: Misfortune,
  nodes: readonly string[],
  after: Omit<Prospect, 'lines'>,
): string[] {
  const { size, needed, alive, mode, satisfiable, indispensable } = after;
  const counts = `${alive} of ${size} alive, ${needed} needed`;
  const already = health.members
    .filter(({ node, status }) => nodes.includes(node) && status === 'Unhealthy')
    .map(nameOf);
  const noted =
    already.length === 0 ? [] : [`${listed(already)} ${are(already)} Unhealthy already`];
  if (mode === 'read-only') {
    const missing = health.members
      .filter(({ node }) => misfortune !== 'rm' || !nodes.includes(node))
      .filter((member) => nodes.includes(member.node) || !isAlive(member))
      .map(nameOf);
    const when = misfortune === 'rm' ? '' : `, at the latest ${NOTICED_AFTER} later`;
    const turn =
      health.quorum.alive < needed
        ? 'the cluster stays read-only'
        : `the cluster becomes read-only${when}`;
    return [
      ...noted,
      `${turn}: ${counts}`,
      `writes are refused with no-quorum until ${returnOf(missing, needed - alive)}; reads go on`,
      ...loneLines(health, after),
    ];
  }
  const stays = `the cluster stays read-write: ${counts}`;
  const shrunk =
    misfortune === 'rm' ? [`the cluster shrinks to ${counted(size, 'node', 'nodes')}`] : [];
  return [
    ...noted,
    ...shrunk,
    stays,
    ...(satisfiable < size ? [waitLine(satisfiable, size, misfortune, nodes)] : []),
    ...loneLines(health, after),
    ...nextLines(indispensable, health.node),
  ];
}

function waitLine(
  satisfiable: number,
  size: number,
  misfortune: Misfortune,
  nodes: readonly string[],
): string {
  const limit = limitLine(satisfiable, size);
  if (misfortune === 'rm') return limit;
  return `${limit}; w=${size} and w=all wait for ${listed(nodes)}`;
}

function loneLines({ node }: MasterHealth, { onlyOnMaster: lone }: Pick<Prospect, 'onlyOnMaster'>) {
  if (lone === null) return [];
  const [first, last] = lone;
  const what = first === last ? `index ${first} is` : `indexes ${first} to ${last} are`;
  return [`${what} then on ${node} alone`];
}

function onlyOnMaster(
  { node, lastIndex }: MasterHealth,
  left: readonly MemberHealth[],
): readonly [number, number] | null {
  const acked = left.filter((member) => member.node !== node).map((other) => other.ackedIndex ?? 0);
  const shared = Math.max(0, ...acked);
  return shared < lastIndex ? [shared + 1, lastIndex] : null;
}

/** The living members without any one of which there would be no quorum, the master apart. */
export function indispensableIn(
  members: readonly MemberHealth[],
  master: string,
  { needed }: { readonly needed: number },
): string[] {
  const alive = members.filter(isAlive);
  if (alive.length - 1 >= needed) return [];
  return alive.map(nameOf).filter((node) => node !== master);
}

export function limitLine(satisfiable: number, size: number): string {
  return satisfiable >= size
    ? `satisfiable now: every w up to ${size}`
    : `satisfiable now: w ≤ ${satisfiable}`;
}

export function nextLines(indispensable: readonly string[], master: string): string[] {
  if (indispensable.length === 0) return [];
  const which = indispensable.length === 1 ? indispensable[0] : `any of ${listed(indispensable)}`;
  return [`killing ${which} next makes the cluster read-only (so does killing ${master})`];
}

export const nameOf = ({ node }: MemberHealth): string => node;
export const isAlive = ({ status }: MemberHealth): boolean => status !== 'Unhealthy';
const are = (names: readonly string[]): string => (names.length === 1 ? 'is' : 'are');
