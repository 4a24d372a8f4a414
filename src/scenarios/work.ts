// What steps do to the nodes of a stage, and to their processes; each thing is written down.

import type { NodeRecord } from '../check/history/history.ts';
import { faultWords } from '../client/fault-words.ts';
import type { Call } from '../client/wire/link.ts';
import type { Action } from '../cluster/control.ts';
import type { FaultSettings } from './expectation.ts';
import type { HistoryKeeper } from './history-keeper.ts';
import { lifeOf, nodesMeant, type Stage } from './stage.ts';
import type { RequestStep, Step, StepOf } from './step.ts';

export type WorkStep = Exclude<
  Step,
  RequestStep | StepOf<'answer' | 'pending' | 'check' | 'wait-until' | 'sleep'>
>;

/** Cuts a node off: nothing of the master's arrives, so nothing is answered. */
const CUT_OFF: FaultSettings = { dropRequest: 1, heartbeat: true };

const PAST: Readonly<Record<Exclude<Action, 'restart'>, NodeRecord['event']>> = {
  kill: 'crash',
  stop: 'stop',
  pause: 'pause',
  resume: 'resume',
  start: 'start',
};

/** Works on the nodes of one stage. */
export class Work {
  readonly #stage: Stage;
  readonly #history: HistoryKeeper;
  readonly #durable: boolean;

  /** `durable`: the nodes keep their logs on disk. */
  constructor(stage: Stage, history: HistoryKeeper, durable: boolean) {
    this.#stage = stage;
    this.#history = history;
    this.#durable = durable;
  }

  /** Writes down the nodes that the cluster begins with. */
  opened(): void {
    for (const { node, life } of this.#stage.nodes()) this.#note(node, 'start', life);
    this.#history.phase('safety');
  }

  async perform(step: WorkStep): Promise<void> {
    switch (step.verb) {
      case 'fault':
        return this.#each(step.fault, (node) => this.#break(node, step.with));
      case 'clear':
        return this.#each(step.clear, (node) => this.#heal(node));
      case 'partition':
        return this.#each(step.partition, (node) => this.#break(node, CUT_OFF));
      case 'kill':
        return this.#each(step.kill, (node) => this.#act(node, 'kill'));
      case 'pause':
        return this.#each(step.pause, (node) => this.#act(node, 'pause'));
      case 'resume':
        return this.#each(step.resume, (node) => this.#act(node, 'resume'));
      case 'stop':
        return this.#each(step.stop, (node) => this.#act(node, 'stop'));
      case 'start':
        return this.#each(step.start, (node) => this.#act(node, 'start'));
      case 'restart':
        return this.#each(step.restart, (node) => this.#restart(node));
      case 'restart-empty':
        return this.#each(step['restart-empty'], (node) => this.#restartEmpty(node));
      case 'add':
        await this.#stage.add(step.add);
        return this.#note(step.add, 'start', lifeOf(this.#stage, step.add));
      case 'leave':
        // From the moment of asking on, a write may be done without it.
        this.#note(step.leave, 'leave', lifeOf(this.#stage, step.leave));
        return this.#stage.leave(step.leave);
    }
  }

  /** No more faults, and all members run. */
  async mend(): Promise<void> {
    const members = this.#stage.nodes().filter(({ role }) => role !== 'removed');
    await Promise.all(
      members.map(async ({ node, state }) => {
        if (state === 'paused') await this.#act(node, 'resume');
        else if (state !== 'running') await this.#act(node, 'start');
        await this.#heal(node);
      }),
    );
  }

  async #each(
    meant: string | readonly string[],
    work: (node: string) => Promise<void>,
  ): Promise<void> {
    await Promise.all(nodesMeant(meant, this.#stage).map(work));
  }

  async #act(node: string, action: keyof typeof PAST): Promise<void> {
    const before = lifeOf(this.#stage, node);
    await this.#stage.act(node, action);
    this.#note(node, PAST[action], action === 'start' ? lifeOf(this.#stage, node) : before);
  }

  async #restart(node: string): Promise<void> {
    await this.#act(node, 'stop');
    await this.#act(node, 'start');
  }

  async #restartEmpty(node: string): Promise<void> {
    const life = lifeOf(this.#stage, node);
    await this.#act(node, 'kill');
    await this.#stage.wipe(node);
    this.#note(node, 'wipe', life);
    await this.#act(node, 'start');
  }

  async #break(node: string, faults: FaultSettings): Promise<void> {
    await this.#send(node, { method: 'PUT', path: '/faults', json: faults });
    this.#history.fault(node, 'set', faultWords(faults));
  }

  async #heal(node: string): Promise<void> {
    await this.#send(node, { method: 'DELETE', path: '/faults' });
    this.#history.fault(node, 'clear', '');
  }

  async #send(node: string, call: Call): Promise<void> {
    const { status } = await this.#stage.call(node, call);
    if (status >= 300) throw new Error(`${node} answered ${status} to ${call.method} ${call.path}`);
  }

  #note(node: string, event: NodeRecord['event'], life: string): void {
    this.#history.node(node, life, event, event === 'start' ? this.#durable : undefined);
  }
}
