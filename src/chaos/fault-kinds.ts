// Everything that chaos does to nodes: what is done to their processes, and every fault of the
// contract's section 8, each with how it is drawn and how one knows that it struck.

import type { Faults } from '../client/answers.ts';
import type { Chance } from './chance.ts';

export type Role = 'master' | 'secondary';

/** What is done to a process, with what ends it. */
const PROCESS_FAULTS = ['kill', 'stop', 'pause'] as const;

export type ProcessFault = (typeof PROCESS_FAULTS)[number];

/** A fault that a node is asked for. */
export interface FaultKind {
  readonly name: string;
  /** The counter of `GET /faults` that says that it struck. */
  readonly hit: string;
  /** Who can meet it: replication traffic arrives at secondaries only. */
  readonly roles: readonly Role[];
  readonly draw: (chance: Chance) => Faults;
}

const SECONDARY: readonly Role[] = ['secondary'];
const ANY: readonly Role[] = ['master', 'secondary'];

const p = (chance: Chance): number => Math.round((0.2 + 0.6 * chance.next()) * 100) / 100;

export const FAULT_KINDS: readonly FaultKind[] = [
  {
    name: 'delay',
    hit: 'delay',
    roles: SECONDARY,
    draw: (chance) => ({ delayMs: { min: 0, max: chance.between(20, 400) } }),
  },
  {
    name: 'error-before',
    hit: 'errorBefore',
    roles: SECONDARY,
    draw: (chance) => ({ errorBefore: p(chance) }),
  },
  {
    name: 'error-after',
    hit: 'errorAfter',
    roles: SECONDARY,
    draw: (chance) => ({ errorAfter: p(chance) }),
  },
  {
    name: 'drop-request',
    hit: 'dropRequest',
    roles: SECONDARY,
    draw: (chance) => ({ dropRequest: p(chance) }),
  },
  {
    name: 'drop-reply',
    hit: 'dropReply',
    roles: SECONDARY,
    draw: (chance) => ({ dropReply: p(chance) }),
  },
  { name: 'hold', hit: 'hold', roles: SECONDARY, draw: () => ({ hold: true }) },
  {
    name: 'partition',
    hit: 'dropRequest',
    roles: SECONDARY,
    draw: () => ({ dropRequest: 1, heartbeat: true }),
  },
  {
    name: 'persist-fail',
    hit: 'persist',
    roles: ANY,
    draw: (chance) => ({ persist: { fail: p(chance) } }),
  },
  {
    name: 'persist-swallow',
    hit: 'persist',
    roles: ANY,
    draw: (chance) => ({ persist: { swallow: chance.between(1, 3) } }),
  },
  { name: 'persist-stuck', hit: 'persist', roles: ANY, draw: () => ({ persist: { stuck: true } }) },
  {
    name: 'persist-delay',
    hit: 'persist',
    roles: ANY,
    draw: (chance) => ({ persist: { delayMs: chance.between(20, 400) } }),
  },
];

/** Every row of the coverage table: what can be met by whom. */
export const CELLS: readonly { readonly fault: string; readonly role: Role }[] = [
  ...PROCESS_FAULTS.flatMap((fault) => ANY.map((role) => ({ fault, role }))),
  ...FAULT_KINDS.flatMap(({ name, roles }) => roles.map((role) => ({ fault: name, role }))),
];
