// Which nodes a command means: `n2`, `master`, `secondary`, `secondary:2`, `all`, or a URL.

import type { ReadLevel } from '../../client/answers.ts';
import { Unreachable } from '../../client/errors.ts';
import { baseUrl } from '../../client/wire/base-url.ts';
import { isArbiter, nodesIn } from '../cluster/arbiter-health.ts';
import {
  connect,
  findTarget,
  masterBeside,
  type Target,
  type TargetOptions,
} from '../cluster/target.ts';
import { UsageError } from '../exit.ts';

/** A node that can be chosen. */
export interface Candidate {
  readonly node: string;
  readonly role: string | null;
  readonly url: string;
}

/** What NODE may be, for help texts. */
export const SELECTORS = 'n2, master, secondary, secondary:2 or all';

/** The nodes that `selector` means; `secondary` is the first one. A node that was removed is
 * meant by its id only. Throws UsageError if none, and if it is the id of one node and, as a word,
 * means others. */
export function selectNodes<Node extends Candidate>(
  selector: string,
  nodes: readonly Node[],
): readonly Node[] {
  const chosen = matching(selector, nodes);
  if (chosen.length > 0) return chosen;
  throw noNode(selector, nodes);
}

/** As selectNodes for several selectors; a node that more than one of them means comes once. */
export function selectAll<Node extends Candidate>(
  selectors: readonly string[],
  nodes: readonly Node[],
): readonly Node[] {
  return [...new Set(selectors.flatMap((selector) => selectNodes(selector, nodes)))];
}

/** As selectNodes in each of several groups; it is enough that one of them has any. */
export function selectInEach<Node extends Candidate>(
  selector: string,
  groups: readonly (readonly Node[])[],
): readonly (readonly Node[])[] {
  const chosen = groups.map((nodes) => matching(selector, nodes));
  if (groups.length === 0 || chosen.some((nodes) => nodes.length > 0)) return chosen;
  throw noNode(selector, groups.flat());
}

function noNode(selector: string, nodes: readonly Candidate[]): UsageError {
  const known = nodes.map(({ node, role }) => `${node} (${role ?? 'no role'})`).join(', ');
  return new UsageError(
    `there is no node "${selector}"`,
    `${known === '' ? '' : `nodes: ${known}; `}use ${SELECTORS}`,
  );
}

/** What can be known of a cluster's nodes. */
interface Known {
  readonly nodes: readonly Candidate[];
  /** Why these are not all, be that so; null: they are, or nobody knows of more. */
  readonly silent: Unreachable | null;
}

/** The nodes of the cluster, from its launcher, else from the master's list of members. Where the
 * master does not answer: the node that was asked, and the master. */
export async function knownNodes(
  target: Target,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  return (await known(target, signal)).nodes;
}

/** `wanted`: the id of a node that is enough, if it is the one that is asked. */
async function known(
  target: Target,
  signal: AbortSignal,
  wanted: string | null = null,
): Promise<Known> {
  if (target.control !== null) {
    const launcher = await connect(target, target.control);
    const { nodes, removed } = await launcher.cluster({ signal });
    return all([...nodes, ...removed]);
  }
  const health = await (await connect(target)).health({ signal });
  if (isArbiter(health)) return all(inOrder(nodesIn(health, target.url)));
  if (health.role === 'master') return all(inOrder(health.members));
  const self = { node: health.node, role: health.role, url: target.url };
  if (health.master === null || health.node === wanted) return all([self]);
  const master = await masterBeside(target, health.master.url, signal);
  if (master instanceof Unreachable) {
    return { nodes: inOrder([self, { ...health.master, role: 'master' }]), silent: master };
  }
  return all(master.role === 'master' ? inOrder(master.members) : [self]);
}

const all = (nodes: readonly Candidate[]): Known => ({ nodes, silent: null });

/** Where to send a read: only the master can serve a linearizable one. */
export async function urlForRead(
  target: Target,
  read: ReadLevel | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (read !== 'linearizable') return target.url;
  const master = (await knownNodes(target, signal)).find(({ role }) => role === 'master');
  return master?.url ?? target.url;
}

/** By id, n2 before n10: a master lists its members as they joined, which nobody can foresee. */
export function inOrder<Node extends Pick<Candidate, 'node'>>(nodes: readonly Node[]): Node[] {
  const { compare } = new Intl.Collator('en', { numeric: true });
  return [...nodes].sort((a, b) => compare(a.node, b.node));
}

/** As findTarget. A selector that is a URL says where to ask, as --url does: of two that differ one
 * would be passed over in silence. Throws UsageError then, and where --name is given as well. */
export async function targetFor(
  selector: string | undefined,
  options: TargetOptions,
): Promise<Target> {
  if (selector === undefined || !isUrl(selector)) return findTarget(options);
  if (options.name !== undefined) {
    throw new UsageError(`${selector} and --name both say where to ask`, 'leave one of them out');
  }
  if (options.url !== undefined && baseUrl(options.url) !== baseUrl(selector)) {
    throw new UsageError(`${selector} and --url are two addresses`, 'leave one of them out');
  }
  return findTarget({ ...options, url: selector });
}

/** As selectNodes on the target's nodes; a URL means the node there and needs nobody else. Throws
 * Unreachable if only a master that does not answer could tell who is meant. */
export async function nodesAt(
  selector: string,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  if (isUrl(selector)) {
    const url = baseUrl(selector);
    return [{ node: url, role: null, url }];
  }
  const { nodes, silent } = await known(target, signal, selector);
  if (silent === null) return selectNodes(selector, nodes);
  const named = nodes.filter(({ node, role }) => node === selector || role === selector);
  // Which of them is the first secondary, only the master knows.
  if (named.length === 0 || selector === 'secondary') throw silent;
  return selectNodes(selector, named);
}

/** The URL of the only node that is meant, for `what` can be done with no more: `a backup is made
 * of`. Throws as nodesAt does, and UsageError for several. */
export async function urlOfOne(
  selector: string,
  target: Target,
  what: string,
  signal: AbortSignal,
): Promise<string> {
  const [node, ...others] = await nodesAt(selector, target, signal);
  if (node !== undefined && others.length === 0) return node.url;
  throw new UsageError(`${what} one node at a time`, 'name one, like n2');
}

function isUrl(selector: string): boolean {
  return /^https?:\/\//.test(selector);
}

function matching<Node extends Candidate>(
  selector: string,
  nodes: readonly Node[],
): readonly Node[] {
  const [byId, byWord] = [nodes.filter(({ node }) => node === selector), inWords(selector, nodes)];
  if (byId.length === 0) return byWord;
  // A node may have any id: one of them alone would be broken where all were meant.
  const other = byWord.find((node) => !byId.includes(node));
  if (other === undefined) return byId;
  throw new UsageError(
    `"${selector}" is the id of a node, and a word that means ${other.node}`,
    `name the nodes otherwise; the URL of "${selector}" is ${byId[0]!.url}`,
  );
}

/** The nodes that are meant if the selector is no id. */
function inWords<Node extends Candidate>(
  selector: string,
  nodes: readonly Node[],
): readonly Node[] {
  const members = nodes.filter(({ role }) => role !== 'removed');
  if (selector === 'all') return members;
  if (selector === 'master') return members.filter(({ role }) => role === 'master');
  const [, place = '1'] = /^secondary(?::([1-9]\d{0,3}))?$/.exec(selector) ?? [null, '0'];
  // A node that is down may have no role at the moment; it is certainly not the master.
  const secondary = members.filter(({ role }) => role !== 'master')[Number(place) - 1];
  return secondary === undefined ? [] : [secondary];
}
