// What steps do to the nodes of a stage, and to their processes; each thing is written down.

import type { NodeRecord } from '../check/history.ts';
import type { Call } from '../client/link.ts';
import type { Action } from '../cluster/control.ts';
import type { FaultSettings } from './expectation.ts';
import type { HistoryKeeper } from './history-keeper.ts';
import { nodesMeant, type Stage, type StageNode } from './stage.ts';
import type { Step, Verb } from './step.ts';
import { faultWords } from './telling.ts';

type WorkVerb = Exclude<
  Verb,
  | 'append'
  | 'batch'
  | 'put'
  | 'remove'
  | 'get'
  | 'outcome'
  | 'answer'
  | 'pending'
  | 'check'
  | 'wait-until'
  | 'sleep'
>;

export type WorkStep = Extract<Step, { readonly verb: WorkVerb }>;

export interface Work {
  /** The nodes that the cluster began with. */
  opened(): void;
  perform(step: WorkStep): Promise<void>;
  /** No more faults, and all members run. */
  mend(): Promise<void>;
}

/** Cuts a node off: nothing of the master's arrives, so nothing is answered. */
const CUT_OFF: FaultSettings = { dropRequest: 1, heartbeat: true };

const PAST: Readonly<Record<Exclude<Action, 'restart'>, NodeRecord['event']>> = {
  kill: 'crash',
  stop: 'stop',
  pause: 'pause',
  resume: 'resume',
  start: 'start',
};

/** The work on this stage. `durable`: its nodes keep their logs on disk. */
export function workOn(stage: Stage, history: HistoryKeeper, durable: boolean): Work {
  const viewOf = (node: string): StageNode | undefined =>
    stage.nodes().find((one) => one.node === node);
  const note = (node: string, event: NodeRecord['event'], life: string): void =>
    history.node(node, life, event, event === 'start' ? durable : undefined);
  const lifeOf = (node: string): string => viewOf(node)?.life ?? node;

  const act = async (node: string, action: Exclude<Action, 'restart'>): Promise<void> => {
    const before = lifeOf(node);
    await stage.act(node, action);
    note(node, PAST[action], action === 'start' ? lifeOf(node) : before);
  };
  const send = async (node: string, call: Call): Promise<void> => {
    const { status } = await stage.call(node, call);
    if (status >= 300) throw new Error(`${node} answered ${status} to ${call.method} ${call.path}`);
  };
  const breakIt = async (node: string, faults: FaultSettings): Promise<void> => {
    await send(node, { method: 'PUT', path: '/faults', json: faults });
    history.fault(node, 'set', faultWords(faults).join(' '));
  };
  const heal = async (node: string): Promise<void> => {
    await send(node, { method: 'DELETE', path: '/faults' });
    history.fault(node, 'clear', '');
  };
  const restartEmpty = async (node: string): Promise<void> => {
    await act(node, 'kill');
    await stage.wipe(node);
    note(node, 'wipe', lifeOf(node));
    await act(node, 'start');
  };
  const restart = async (node: string): Promise<void> => {
    await act(node, 'stop');
    await act(node, 'start');
  };
  const each = async (
    meant: string | readonly string[],
    work: (node: string) => Promise<void>,
  ): Promise<void> => {
    await Promise.all(nodesMeant(meant, stage).map(work));
  };

  const perform = async (step: WorkStep): Promise<void> => {
    switch (step.verb) {
      case 'fault':
        return each(step.fault, (node) => breakIt(node, step.with));
      case 'clear':
        return each(step.clear, heal);
      case 'partition':
        return each(step.partition, (node) => breakIt(node, CUT_OFF));
      case 'kill':
        return each(step.kill, (node) => act(node, 'kill'));
      case 'pause':
        return each(step.pause, (node) => act(node, 'pause'));
      case 'resume':
        return each(step.resume, (node) => act(node, 'resume'));
      case 'stop':
        return each(step.stop, (node) => act(node, 'stop'));
      case 'start':
        return each(step.start, (node) => act(node, 'start'));
      case 'restart':
        return each(step.restart, restart);
      case 'restart-empty':
        return each(step['restart-empty'], restartEmpty);
      case 'add':
        await stage.add(step.add);
        return note(step.add, 'start', lifeOf(step.add));
      case 'leave':
        await stage.leave(step.leave);
        return note(step.leave, 'leave', lifeOf(step.leave));
    }
  };

  const mend = async (): Promise<void> => {
    const members = stage.nodes().filter(({ role }) => role !== 'removed');
    await Promise.all(
      members.map(async ({ node, state }) => {
        if (state === 'paused') await act(node, 'resume');
        else if (state !== 'running') await act(node, 'start');
        await heal(node);
      }),
    );
  };

  return {
    opened: () => {
      for (const { node, life } of stage.nodes()) note(node, 'start', life);
      history.phase('safety');
    },
    perform,
    mend,
  };
}
