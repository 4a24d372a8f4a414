// Plays a scenario on a stage: step by step, each with its expectation; then everything is mended,
// all nodes must agree, and the judges read the recorded history.

import type { WriteConcern } from '../core/effects.ts';
import { type Answer, answerText } from './answer.ts';
import { unmetIn } from './answer-check.ts';
import { lookAt } from './condition-check.ts';
import type { Condition } from './expectation.ts';
import { HistoryKeeper } from './history-keeper.ts';
import type { Judge } from './judgement.ts';
import { type LogTable, lookAtLogs } from './log-table.ts';
import { namesOutcomes } from './named-outcomes.ts';
import { Observer } from './observer.ts';
import type { Tell } from './report.ts';
import { Requester, type Waiting } from './requester.ts';
import type { Scenario } from './scenario.ts';
import { spanText, within } from './span.ts';
import { masterOf, nodesMeant, type Stage } from './stage.ts';
import { isRequest, type RequestStep, type Step, type StepOf } from './step.ts';
import { tellCondition, tellStep } from './telling.ts';
import { ScenarioFailed, shown, type Unmet } from './unmet.ts';
import { Work } from './work.ts';

/** What a player works with. */
export interface PlayerParts {
  readonly scenario: Scenario;
  readonly stage: Stage;
  readonly tell: Tell;
  /** Whether what is told is looked at: without it, logs are not read for show. */
  readonly narrated: boolean;
  readonly judge: Judge;
  readonly signal: AbortSignal;
}

/** For something that is waited for. Generous: a loaded machine may take its time, and a bug shows
 * as something that never comes. */
const PATIENCE_MS = 30_000;

/** For everything to be mended at the end. */
const MENDING_MS = 60_000;

/** Between two looks. */
const LOOK_EVERY_MS = 25;

export class Player {
  readonly #parts: PlayerParts;
  readonly #history: HistoryKeeper;
  readonly #observer: Observer;
  readonly #requester: Requester;
  readonly #work: Work;
  readonly #waiting = new Map<string, Waiting>();
  #lastTable = '';
  #part = 0;

  constructor(parts: PlayerParts) {
    const { stage, signal, scenario } = parts;
    this.#parts = parts;
    this.#history = new HistoryKeeper(() => stage.now());
    this.#observer = new Observer(stage, this.#history, signal);
    const messageW = writeConcernOf(scenario.cluster.w);
    this.#requester = new Requester(stage, this.#history, signal, messageW);
    this.#work = new Work(stage, this.#history, scenario.cluster.storage === 'durable');
  }

  /** Resolves with what was proved. Throws ScenarioFailed, or the signal's reason. */
  async play(): Promise<readonly string[]> {
    const { scenario, stage, tell } = this.#parts;
    const { steps } = scenario;
    const nodes = stage.nodes().map(({ node }) => node);
    const master = masterOf(stage);
    this.#work.opened();
    await tell({ type: 'running', nodes, url: stage.urlOf(master) });
    for (const [i, step] of steps.entries()) {
      await this.#announce(step);
      await this.#perform(step);
      this.#failOnTrouble(step);
      const next = steps[i + 1];
      if (next === undefined || next.say !== undefined) await this.#showLogs();
    }
    return this.#finale();
  }

  /** Steps that say nothing belong to the part that the one before them has begun. */
  async #announce(step: Step): Promise<void> {
    const { say = null, why = null, look = null } = step;
    const { scenario, tell } = this.#parts;
    if (say !== null) this.#part += 1;
    const of = scenario.steps.filter((one) => one.say !== undefined).length;
    const line = scenario.lineOf(step.path);
    const does = this.#told(step);
    await tell({ type: 'step', part: this.#part, of, line, does, say, why, look });
  }

  #told(step: Step): string {
    return tellStep(step, nodesMeant('secondaries', this.#parts.stage));
  }

  async #perform(step: Step): Promise<void> {
    this.#parts.signal.throwIfAborted();
    if (isRequest(step)) return this.#request(step);
    switch (step.verb) {
      case 'answer':
        return this.#answer(step);
      case 'pending':
        return this.#pending(step);
      case 'check':
        return this.#check(step);
      case 'wait-until':
        return this.#waitUntil(step);
      case 'sleep':
        return this.#parts.stage.sleep(step.sleep, this.#parts.signal);
      default:
        await this.#work.perform(step).catch((error: unknown) => {
          this.#parts.signal.throwIfAborted();
          const seen = error instanceof Error ? error.message : String(error);
          throw this.#failed(step, { path: [], expected: this.#told(step), seen });
        });
    }
  }

  async #request(step: RequestStep): Promise<void> {
    const waiting = this.#requester.send(step);
    if (step.as !== undefined) {
      this.#waiting.set(step.as, waiting);
      return;
    }
    await this.#take(step, waiting, PATIENCE_MS);
  }

  async #answer(step: StepOf<'answer'>): Promise<void> {
    for (const name of [step.answer].flat()) {
      await this.#take(step, this.#waiting.get(name)!, step.within ?? PATIENCE_MS);
    }
  }

  async #take(step: RequestStep | StepOf<'answer'>, waiting: Waiting, ms: number): Promise<void> {
    const late = new AbortController();
    const timeout = this.#parts.stage.sleep(ms, late.signal).then(
      () => null,
      () => null,
    );
    // A timer that is left would keep the process after Ctrl-C.
    const answers = await Promise.race([waiting.answers, timeout]).finally(() => late.abort());
    this.#parts.signal.throwIfAborted();
    if (answers === null) {
      const expected = `${waiting.of === 1 ? 'an answer' : `${waiting.of} answers`} within ${ms} ms`;
      throw this.#failed(step, { path: [], expected, seen: `${waiting.came()} came` });
    }
    for (const answer of answers) {
      const unmet = unmetIn(answer, step.expect ?? {});
      if (unmet !== null) throw this.#failed(step, unmet);
    }
    await this.#parts.tell({ type: 'outcome', text: answersText(answers) });
  }

  async #pending(step: StepOf<'pending'>): Promise<void> {
    for (const name of [step.pending].flat()) {
      const waiting = this.#waiting.get(name)!;
      const latest = waiting.latest();
      if (latest === null) continue;
      const expected = `no answer to "${name}" yet`;
      throw this.#failed(step, { path: ['pending'], expected, seen: answerText(latest) });
    }
    await this.#parts.tell({ type: 'outcome', text: 'no answer yet, as it should be' });
  }

  async #check(step: StepOf<'check'>): Promise<void> {
    const { stage } = this.#parts;
    const until = stage.now() + (step.during ?? 0);
    do {
      const unmet = await this.#unmet(step.check);
      if (unmet !== null) {
        throw this.#failed(step, { ...unmet, path: ['check', ...unmet.path] });
      }
      if (step.during !== undefined) await stage.sleep(LOOK_EVERY_MS, this.#parts.signal);
    } while (stage.now() < until);
    const during = step.during === undefined ? '' : `, all the time for ${step.during} ms`;
    await this.#parts.tell({ type: 'outcome', text: `so it is${during}` });
  }

  async #waitUntil(step: StepOf<'wait-until'>): Promise<void> {
    const { took } = step;
    const began = this.#parts.stage.now();
    const limitMs = step.within ?? PATIENCE_MS;
    const unmet = await this.#until(step['wait-until'], limitMs, step.then);
    const ms = Math.round(this.#parts.stage.now() - began);
    if (unmet !== null) {
      const expected = unmet.late ? `${unmet.expected}, within ${limitMs} ms` : unmet.expected;
      const field = unmet.late ? 'wait-until' : 'then';
      throw this.#failed(step, { ...unmet, expected, path: [field, ...unmet.path] });
    }
    if (took !== undefined && !within(ms, took)) {
      const expected = `that to take ${spanText(took, ' ms')}`;
      throw this.#failed(step, { path: ['took'], expected, seen: `${ms} ms` });
    }
    await this.#parts.tell({
      type: 'outcome',
      text: `so it is, after ${ms.toLocaleString('en-US')} ms`,
    });
  }

  /** Looks until the condition holds; null if it does then, and `then` with it. Otherwise what did
   * not: `late` if that is the condition itself. */
  async #until(
    condition: Condition,
    ms: number,
    then: Condition = {},
  ): Promise<(Unmet & { readonly late: boolean }) | null> {
    const { stage, signal } = this.#parts;
    const deadline = stage.now() + ms;
    for (;;) {
      const look = lookAt(stage, this.#observer);
      const unmet = await look(condition);
      if (unmet === null) {
        const besides = await look(then);
        return besides === null ? null : { ...besides, late: false };
      }
      if (stage.now() >= deadline || stage.troubles().length > 0) return { ...unmet, late: true };
      await stage.sleep(LOOK_EVERY_MS, signal);
    }
  }

  #unmet(condition: Condition): Promise<Unmet | null> {
    return lookAt(this.#parts.stage, this.#observer)(condition);
  }

  async #showLogs(): Promise<void> {
    if (!this.#parts.narrated) return;
    const table: LogTable = await lookAtLogs(this.#parts.stage, this.#observer);
    const text = JSON.stringify(table);
    if (text === this.#lastTable) return;
    this.#lastTable = text;
    await this.#parts.tell({ type: 'logs', table });
  }

  async #finale(): Promise<readonly string[]> {
    const { stage, judge, scenario } = this.#parts;
    const path = ['steps'];
    this.#history.phase('liveness');
    await this.#work.mend();
    const whole: Condition = { 'caught-up': 'all', same: 'all' };
    const unmet = await this.#until(whole, MENDING_MS);
    if (unmet !== null) {
      const expected = `at the end, when everything is mended: ${tellCondition(whole)}`;
      throw this.#failed(
        { path },
        { path: [], expected, seen: `not ${unmet.expected}, but ${unmet.seen}` },
      );
    }
    for (const node of nodesMeant('all', stage)) await this.#observer.log(node, true);
    this.#history.phase('end');
    const { wrong, proved } = judge(this.#history.records, namesOutcomes(scenario.steps));
    if (wrong !== null) throw this.#failed({ path }, { path: [], ...wrong });
    await this.#showLogs();
    return proved;
  }

  #failOnTrouble(step: Step): void {
    const [trouble] = this.#parts.stage.troubles();
    if (trouble === undefined) return;
    throw this.#failed(step, { path: [], expected: 'all processes to live on', seen: trouble });
  }

  #failed(step: Pick<Step, 'path'>, { path, expected, seen }: Unmet): ScenarioFailed {
    const { scenario, stage } = this.#parts;
    const line = scenario.lineOf([...step.path, ...path]);
    return new ScenarioFailed(line, { expected, seen: shown(seen) }, stage.troubles());
  }
}

function writeConcernOf(w: string | null): WriteConcern {
  if (w === null || w === 'majority') return 'majority';
  return w === 'all' ? 'all' : Number(w);
}

/** One answer in words, or many, counted by what they are. */
function answersText(answers: readonly Answer[]): string {
  if (answers.length === 1) return answerText(answers[0]!);
  const counts = new Map<string, number>();
  for (const { status, body } of answers) {
    const kind = `${status}${typeof body.code === 'string' ? ` ${body.code}` : ''}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const slowest = Math.max(...answers.map(({ tookMs }) => tookMs));
  const kinds = [...counts].map(([kind, count]) => `${count} × ${kind}`);
  return `${kinds.join(', ')} · slowest after ${Math.round(slowest).toLocaleString('en-US')} ms`;
}
