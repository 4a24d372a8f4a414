// What a scenario tells while it is played: the command line prints it as text or as JSON.

import type { LogTable } from './log-table.ts';
import type { Rule } from './scenario.ts';

/** The scenario begins; its cluster is started next. */
export interface Opening {
  readonly type: 'opening';
  readonly name: string;
  readonly title: string;
  readonly rule: Rule;
  readonly intro: string;
  readonly steps: number;
}

/** The cluster is ready. */
export interface Running {
  readonly type: 'running';
  /** The master first. */
  readonly nodes: readonly string[];
  /** Of the master: whoever wants to look around meanwhile asks there. */
  readonly url: string;
}

/** A step begins. */
export interface StepBegins {
  readonly type: 'step';
  /** A part begins with each step that says something; from 1. */
  readonly part: number;
  readonly of: number;
  readonly line: number;
  /** What is done, as one would type it. */
  readonly does: string;
  readonly say: string | null;
  readonly why: string | null;
  readonly look: string | null;
}

/** What came of a step: an answer, or that a condition holds. */
export interface Outcome {
  readonly type: 'outcome';
  readonly text: string;
}

/** What every node's log is now; only told when it has changed. */
export interface Logs {
  readonly type: 'logs';
  readonly table: LogTable;
}

/** The end. */
export type Verdict = {
  readonly type: 'verdict';
  readonly name: string;
  readonly rule: Rule;
  readonly outro: string;
  readonly file: string;
  /** Milliseconds, the start of the cluster included. */
  readonly ms: number;
} & Findings;

/** How it came out. */
export type Findings =
  | {
      readonly ok: true;
      /** What the judges found to be so, a sentence each. */
      readonly proved: readonly string[];
    }
  | {
      readonly ok: false;
      readonly line: number;
      readonly expected: string;
      readonly seen: string;
      readonly troubles: readonly string[];
    };

export type Report = Opening | Running | StepBegins | Outcome | Logs | Verdict;

/** Takes a report; the scenario goes on when it resolves. */
export type Tell = (report: Report) => Promise<void>;
