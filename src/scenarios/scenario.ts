// A scenario: a rule of replog, a cluster, and steps that show the rule and would fail without it.

import type { Step } from './step.ts';

/** How many guarantees docs/guarantees.md numbers, from G1 on. */
export const GUARANTEES = 24;

/** The rule that a scenario shows. */
export interface Rule {
  /** Number in docs/guarantees.md, like G8. */
  readonly guarantee: string;
  /** The rule in the words of the course. */
  readonly text: string;
}

/** The cluster that it is played on. */
export interface ScenarioCluster {
  readonly secondaries: number;
  /** `durable`: each node has a folder; `memory`: nothing survives its process. */
  readonly storage: 'memory' | 'durable';
  /** Default write concern of messages; null: the nodes' own. */
  readonly w: string | null;
  /** Another node takes over from a silent master. */
  readonly failover: boolean;
}

export interface Scenario {
  /** The file's name without its ending. */
  readonly name: string;
  /** As it was given, for messages. */
  readonly file: string;
  readonly title: string;
  readonly rule: Rule;
  readonly intro: string;
  readonly outro: string;
  readonly cluster: ScenarioCluster;
  readonly steps: readonly Step[];
  /** The line of a place in the file, from 1; that of the nearest one around it if it has none. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}
