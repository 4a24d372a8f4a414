// What a step does, in the words of the command line: whoever reads it can type it.

import { faultWord, faultWords } from '../client/fault-words.ts';
import { shellWord } from '../client/shell-word.ts';
import type { Condition } from './expectation.ts';
import { clientsOf } from './requests.ts';
import { type Span, spanText } from './span.ts';
import { isRequest, type RequestStep, type Step } from './step.ts';
import { shown } from './unmet.ts';

/** One line. `secondaries`: their ids, if there are any, as no command knows them by that word. */
export function tellStep(step: Step, secondaries: readonly string[] = []): string {
  if (isRequest(step)) return tellRequest(step);
  const typed = (nodes: string | readonly string[]): string[] =>
    [nodes]
      .flat()
      .flatMap((node) => (node === 'secondaries' && secondaries.length > 0 ? secondaries : [node]));
  switch (step.verb) {
    case 'answer':
      return `wait for the answer to ${named(step.answer)}`;
    case 'pending':
      return `still without an answer: ${named(step.pending)}`;
    case 'check':
      return `check: ${tellCondition(step.check)}`;
    case 'wait-until':
      return step.then === undefined
        ? `wait until ${tellCondition(step['wait-until'])}`
        : `wait until ${tellCondition(step['wait-until'])}; and then: ${tellCondition(step.then)}`;
    case 'fault':
      return `replog fault ${onEach(typed(step.fault), faultWords(step.with) || 'clear')}`;
    case 'clear':
      return `replog fault ${onEach(typed(step.clear), 'clear')}`;
    case 'partition':
      return `cut off ${[step.partition].flat().join(' ')}: nothing from the master arrives there`;
    case 'restart-empty':
      return `restart ${[step['restart-empty']].flat().join(' ')} without its memory`;
    case 'kill':
      return `replog kill ${typed(step.kill).join(' ')}   (kill -9)`;
    case 'pause':
      return `replog pause ${typed(step.pause).join(' ')}   (it stands still, like a hung machine)`;
    case 'resume':
      return `replog resume ${typed(step.resume).join(' ')}`;
    case 'stop':
      return `replog stop ${typed(step.stop).join(' ')}`;
    case 'start':
      return `replog start ${typed(step.start).join(' ')}`;
    case 'restart':
      return `replog restart ${typed(step.restart).join(' ')}`;
    case 'add':
      return `replog add   (it becomes ${step.add})`;
    case 'leave':
      return `replog rm ${step.leave}`;
    case 'sleep':
      return `let ${seconds(step.sleep)} pass`;
  }
}

/** `replog fault` takes one node, or a name for several. */
function onEach([first, ...others]: readonly string[], words: string): string {
  return `${first} ${words}${others.length === 0 ? '' : `   (${others.join(' ')} likewise)`}`;
}

function tellRequest(step: RequestStep): string {
  const parts = ['replog', ...requestWords(step)];
  if ('w' in step && step.w !== undefined) parts.push(`--w ${step.w}`);
  if ('timeout' in step && step.timeout !== undefined) {
    parts.push(`--timeout ${seconds(step.timeout).replace(' ', '')}`);
  }
  const key = 'idempotency-key' in step ? step['idempotency-key'] : undefined;
  if (key !== undefined) {
    const flag = step.verb === 'append' || step.verb === 'batch' ? 'key' : 'idempotency-key';
    parts.push(`--${flag} ${word(key)}`);
  }
  if ('id' in step && step.id !== undefined) parts.push(`--id ${word(`${step.id}`)}`);
  if ('if-match' in step) parts.push(`--if-match ${step['if-match']}`);
  if ('if-none-match' in step) parts.push('--if-none-match');
  if ('read' in step) parts.push(`--read ${step.read}`);
  const notes = [
    ...(step.verb === 'batch' ? ['one batch'] : []),
    ...(step.at === undefined ? [] : [`asked of ${step.at}`]),
    ...(step.as === undefined ? [] : [`goes on meanwhile, as "${step.as}"`]),
  ];
  if (notes.length > 0) parts.push(`  (${notes.join('; ')})`);
  return `${repeated(step)}${parts.join(' ')}`;
}

/** How often, if more than once: `40 times, 4 at once: `, and what {n} stands for. */
function repeated(step: RequestStep): string {
  const { times = 1 } = step;
  if (times === 1) return '';
  const clients = Math.min(clientsOf(step), times);
  const atOnce = clients === 1 ? '' : clients === times ? ', all at once' : `, ${clients} at once`;
  return JSON.stringify(step).includes('{n}')
    ? `for n = 1 to ${times}${atOnce}: `
    : `${times} times${atOnce}: `;
}

function requestWords(step: RequestStep): string[] {
  switch (step.verb) {
    case 'append':
      return ['append', word(step.append)];
    case 'batch':
      return ['append', ...step.batch.map(word)];
    case 'put':
      return ['kv put', word(step.put), word(step.value)];
    case 'remove':
      return ['kv rm', word(step.remove)];
    case 'get':
      return ['kv get', word(step.get)];
    case 'outcome':
      return ['outcome', word(step.outcome)];
  }
}

/** All parts of a condition, as one sentence without its full stop. */
export function tellCondition(condition: Condition): string {
  return (Object.keys(condition) as (keyof Condition)[])
    .flatMap((field) => PARTS[field](condition))
    .join('; ');
}

const PARTS: Readonly<Record<keyof Condition, (condition: Condition) => string[]>> = {
  messages: ({ messages }) =>
    each(messages, (node, expected) => {
      if (Array.isArray(expected)) return `${node} list${s(node)} ${shown(expected)}`;
      const { count, once } = expected as { count?: Span; once?: true };
      const many = count === undefined ? 'its messages' : `${spanText(count)} messages`;
      return `${node} list${s(node)} ${many}${once ? ', each once' : ''}`;
    }),
  same: ({ same }) => [`${list(same)} have the same log`],
  beginning: ({ beginning }) => [`the log of ${list(beginning)} is a beginning of the master's`],
  keys: ({ keys }) =>
    each(keys, (node, values) => {
      const parts = Object.entries(values).map(([key, value]) =>
        value === null ? `no ${key}` : `${key}=${value}`,
      );
      return `${node} ha${node === 'all' || node === 'secondaries' ? 've' : 's'} ${parts.join(', ')}`;
    }),
  'last-index': ({ 'last-index': last }) =>
    each(last, (node, span) => `${node} end${s(node)} at index ${spanText(span)}`),
  status: ({ status }) =>
    each(
      status,
      (node, is) =>
        `${node} ${node.endsWith('s') || node === 'all' ? 'are' : 'is'} ${[is].flat().join(' or ')}`,
    ),
  silence: ({ silence }) =>
    each(silence, (node, span) => `last heard of ${node}: ${spanText(span, ' ms')} ago`),
  transitions: ({ transitions }) =>
    each(transitions, (node, to) =>
      to.length === 0 ? `${node} never changed its status` : `${node} became ${to.join(', then ')}`,
    ),
  mode: ({ mode }) => [`the master is ${mode}`],
  alive: ({ alive }) => [`nodes alive: ${spanText(alive!)}`],
  size: ({ size }) => [`size of the cluster: ${spanText(size!)}`],
  'caught-up': ({ 'caught-up': nodes }) => [
    `${list(nodes)} ha${Array.isArray(nodes) || nodes === 'all' || nodes === 'secondaries' ? 've' : 's'} everything`,
  ],
  members: ({ members }) => [`the members are ${members!.join(' ')}`],
  attempts: ({ attempts }) =>
    each(attempts, (node, span) => `${spanText(span)} copies sent to ${node}`),
  hits: ({ hits }) =>
    each(hits, (node, faults) => {
      const parts = Object.entries(faults).map(
        ([fault, span]) => `${faultWord(fault)} (${spanText(span)})`,
      );
      return `${node} met the fault ${parts.join(' and ')}`;
    }),
  state: ({ state }) => each(state, (node, is) => `the process of ${node} is ${is}`),
};

function each<Value>(
  wanted: Readonly<Record<string, Value>> | undefined,
  tell: (node: string, value: Value) => string,
): string[] {
  return Object.entries(wanted ?? {}).map(([node, value]) => tell(node, value));
}

/** The ending of a verb after one node, or several. */
function s(node: string): string {
  return node === 'all' || node === 'secondaries' ? '' : 's';
}

function list(nodes: string | readonly string[] | undefined): string {
  return [nodes ?? []].flat().join(' and ').replace(/^all$/, 'all nodes');
}

/** Answers, by the names that they were given. */
function named(names: string | readonly string[]): string {
  const all = [names].flat();
  return all.map((name) => JSON.stringify(name)).join(', ');
}

/** As a shell takes it; {n} stands for a number. */
function word(text: string): string {
  const plain = text.replaceAll('{n}', 'n');
  return shellWord(plain) === plain ? text : shellWord(text);
}

/** `500 ms`, `1.5 s`. */
function seconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}
