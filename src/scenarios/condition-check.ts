// The state of a cluster against a condition. Each field has a check of its own; all that look at
// the master's report look at one and the same report.

import type { MasterHealth, MemberHealth } from '../client/answers.ts';
import type { Condition, MessageExpectation } from './expectation.ts';
import { operationOf } from './history-keeper.ts';
import { NotSeen, type Observer } from './observer.ts';
import { spanText, within } from './span.ts';
import { nodesMeant, type Stage } from './stage.ts';
import { shown, type Unmet } from './unmet.ts';

/** What a check looks at. */
interface Scene {
  readonly stage: Stage;
  readonly observer: Observer;
  readonly condition: Condition;
  /** Read when it is first needed. */
  readonly health: () => Promise<MasterHealth>;
}

type Check = (scene: Scene) => Promise<Unmet | null>;

/** One look at a cluster: all that is asked of it sees the same report of the master. */
export type Look = (condition: Condition) => Promise<Unmet | null>;

/** Begins a look, which gives the first part of a condition that does not hold; null if all of it
 * does. */
export function lookAt(stage: Stage, observer: Observer): Look {
  let report: Promise<MasterHealth> | null = null;
  const health = (): Promise<MasterHealth> => {
    report ??= observer.health();
    return report;
  };
  return (condition) => unmetIn(condition, stage, observer, health);
}

async function unmetIn(
  condition: Condition,
  stage: Stage,
  observer: Observer,
  health: () => Promise<MasterHealth>,
): Promise<Unmet | null> {
  for (const field of Object.keys(condition) as (keyof Condition)[]) {
    try {
      const unmet = await CHECKS[field]({ stage, observer, condition, health });
      if (unmet !== null) {
        return unmet.path[0] === field ? unmet : { ...unmet, path: [field, ...unmet.path] };
      }
    } catch (error) {
      if (!(error instanceof NotSeen)) throw error;
      return { path: [field], expected: `an answer about ${field}`, seen: error.message };
    }
  }
  return null;
}

const CHECKS: Readonly<Record<keyof Condition, Check>> = {
  messages: ({ condition, ...scene }) =>
    forEachNode(scene.stage, condition.messages, async (node, expected) => {
      const messages = await scene.observer.messages(node);
      // The log is what the judges see.
      await scene.observer.log(node);
      return messagesUnmet(node, messages, expected);
    }),
  same: ({ condition, stage, observer }) => compare(condition.same!, stage, observer, 'same'),
  beginning: ({ condition, stage, observer }) =>
    compare(condition.beginning!, stage, observer, 'beginning'),
  keys: ({ condition, stage, observer }) =>
    forEachNode(stage, condition.keys, async (node, keys) => {
      for (const [key, expected] of Object.entries(keys)) {
        const value = await observer.value(node, key);
        if (value !== expected) {
          return [`${key} = ${valueText(expected)} on ${node}`, valueText(value)];
        }
      }
      return null;
    }),
  'last-index': ({ condition, stage, observer }) =>
    forEachNode(stage, condition['last-index'], async (node, span) => {
      const { lastIndex } = await observer.log(node);
      return within(lastIndex, span)
        ? null
        : [`${node} to end at index ${spanText(span)}`, `${lastIndex}`];
    }),
  status: ({ condition, ...scene }) =>
    forEachMember(scene, condition.status, ({ node, status, lastHeartbeatMs }, expected) =>
      [expected].flat().includes(status)
        ? null
        : [
            `${node} to be ${[expected].flat().join(' or ')}`,
            `${status}, last heard ${lastHeartbeatMs} ms ago`,
          ],
    ),
  silence: ({ condition, ...scene }) =>
    forEachMember(scene, condition.silence, ({ node, status, lastHeartbeatMs }, span) =>
      lastHeartbeatMs !== null && within(lastHeartbeatMs, span)
        ? null
        : [
            `${node} to have been silent for ${spanText(span, ' ms')}`,
            `${lastHeartbeatMs} ms (${status})`,
          ],
    ),
  transitions: ({ condition, stage }) =>
    forEachNode(stage, condition.transitions, async (node, expected) => {
      const seen = stage.transitions(node);
      return seen.join() === expected.join()
        ? null
        : [
            `${node} to become ${expected.join(', then ') || 'nothing new'}`,
            seen.join(', then ') || 'no change',
          ];
    }),
  mode: async ({ condition, health }) => {
    const { mode, reason } = await health();
    if (mode === condition.mode) return null;
    return { path: ['mode'], expected: `the master to be ${condition.mode}`, seen: reason ?? mode };
  },
  alive: async ({ condition, health }) => quorumUnmet('alive', condition, await health()),
  size: async ({ condition, health }) => quorumUnmet('size', condition, await health()),
  'caught-up': async ({ condition, stage, health }) => {
    const { members, lastIndex } = await health();
    for (const node of nodesMeant(condition['caught-up']!, stage)) {
      const acked = members.find((member) => member.node === node)?.ackedIndex ?? null;
      if (acked !== lastIndex) {
        const expected = `${node} to have everything up to index ${lastIndex}`;
        return { path: ['caught-up'], expected, seen: `it has acknowledged ${acked ?? 'nothing'}` };
      }
    }
    return null;
  },
  members: async ({ condition, health }) => {
    const seen = (await health()).members.map(({ node }) => node).toSorted();
    const expected = condition.members!.toSorted();
    if (seen.join() === expected.join()) return null;
    return {
      path: ['members'],
      expected: `the members ${expected.join(' ')}`,
      seen: seen.join(' '),
    };
  },
  attempts: ({ condition, ...scene }) =>
    forEachMember(scene, condition.attempts, ({ node, attempts }, span) =>
      within(attempts, span) ? null : [`${spanText(span)} copies sent to ${node}`, `${attempts}`],
    ),
  hits: ({ condition, stage, observer }) =>
    forEachNode(stage, condition.hits, async (node, expected) => {
      const hits = await observer.hits(node);
      for (const [fault, span] of Object.entries(expected)) {
        const seen = hits[fault] ?? 0;
        if (!within(seen, span)) {
          return [`the fault ${fault} to strike ${node} ${spanText(span)} times`, `${seen}`];
        }
      }
      return null;
    }),
  state: ({ condition, stage }) =>
    forEachNode(stage, condition.state, async (node, expected) => {
      const state = stage.nodes().find((one) => one.node === node)?.state ?? 'unknown';
      return state === expected ? null : [`the process of ${node} to be ${expected}`, state];
    }),
};

/** [what was expected, what was seen], or null. */
type Finding = readonly [expected: string, seen: string] | null;

async function forEachNode<Value>(
  stage: Stage,
  wanted: Readonly<Record<string, Value>> | undefined,
  look: (node: string, value: Value) => Promise<Finding>,
): Promise<Unmet | null> {
  for (const [name, value] of Object.entries(wanted ?? {})) {
    for (const node of nodesMeant(name, stage)) {
      const finding = await look(node, value);
      if (finding !== null) return { path: [name], expected: finding[0], seen: finding[1] };
    }
  }
  return null;
}

function forEachMember<Value>(
  { stage, health }: Pick<Scene, 'stage' | 'health'>,
  wanted: Readonly<Record<string, Value>> | undefined,
  look: (member: MemberHealth, value: Value) => Finding,
): Promise<Unmet | null> {
  return forEachNode(stage, wanted, async (node, value) => {
    const member = (await health()).members.find((one) => one.node === node);
    return member === undefined ? [`${node} to be a member`, 'it is none'] : look(member, value);
  });
}

function messagesUnmet(
  node: string,
  messages: readonly string[],
  expected: MessageExpectation,
): Finding {
  if (!('count' in expected) && !('once' in expected)) {
    const list = expected as readonly string[];
    if (JSON.stringify(list) === JSON.stringify(messages)) return null;
    return [`${node} to list ${shown(list)}`, shown(messages)];
  }
  const { count, once } = expected;
  if (count !== undefined && !within(messages.length, count)) {
    return [`${node} to list ${spanText(count)} messages`, `${messages.length}`];
  }
  const twice = messages.find((message, i) => messages.indexOf(message) !== i);
  if (once === undefined || twice === undefined) return null;
  return [`${node} to list each message once`, `"${twice}" more than once`];
}

async function compare(
  meant: string | readonly string[],
  stage: Stage,
  observer: Observer,
  how: 'same' | 'beginning',
): Promise<Unmet | null> {
  const nodes = nodesMeant(meant, stage);
  const logs: (readonly string[])[] = [];
  for (const node of nodes) logs.push(await lines(observer, node));
  // The master is read last: what the others show, it has.
  const [reference, name] =
    how === 'same'
      ? [logs[0]!, nodes[0]!]
      : [await lines(observer, nodesMeant('master', stage)[0]!), 'the master'];
  for (const [i, log] of logs.entries()) {
    const upTo = how === 'same' ? Math.max(log.length, reference.length) : log.length;
    for (let at = 0; at < upTo; at += 1) {
      if (log[at] === reference[at]) continue;
      const expected = `${nodes[i]} to have ${reference[at] ?? 'nothing'} as ${name} does`;
      return { path: [how], expected, seen: log[at] ?? 'nothing' };
    }
  }
  return null;
}

/** A log as one text per entry. */
async function lines(observer: Observer, node: string): Promise<string[]> {
  const { entries } = await observer.log(node);
  return entries.map(
    (entry) => `${entry.index} (epoch ${entry.epoch}): ${JSON.stringify(operationOf(entry))}`,
  );
}

function quorumUnmet(
  field: 'alive' | 'size',
  condition: Condition,
  { quorum }: MasterHealth,
): Unmet | null {
  const span = condition[field]!;
  if (within(quorum[field], span)) return null;
  const what = field === 'alive' ? 'nodes alive' : 'nodes in the cluster';
  return { path: [field], expected: `${spanText(span)} ${what}`, seen: `${quorum[field]}` };
}

function valueText(value: string | null): string {
  return value === null ? 'no value' : shown(value);
}
