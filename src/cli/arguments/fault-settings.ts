// Faults as written on the command line (`delay=500ms error-after=0.3 hold`) into the body of
// `PUT /faults`.

import type { Faults, PersistFaults } from '../../client/answers.ts';
import { UsageError } from '../exit.ts';
import { parseDuration } from './duration.ts';
import { wholeNumber } from './whole-number.ts';

/** What one setting adds to the body. */
interface Fragment {
  readonly faults?: Faults;
  readonly persist?: PersistFaults;
}

const count = wholeNumber(0);
/** Faults of no request at all would read as set, and never strike. */
const positive = wholeNumber(1);

const WITH_VALUE: ReadonlyMap<string, (value: string) => Fragment> = new Map([
  ['delay', (value: string): Fragment => ({ faults: { delayMs: delay(value) } })],
  ['error-before', (value: string) => ({ faults: { errorBefore: probability(value) } })],
  ['error-after', (value: string) => ({ faults: { errorAfter: probability(value) } })],
  ['drop-request', (value: string) => ({ faults: { dropRequest: probability(value) } })],
  ['drop-reply', (value: string) => ({ faults: { dropReply: probability(value) } })],
  ['persist-fail', (value: string) => ({ persist: { fail: probability(value) } })],
  ['persist-swallow', (value: string) => ({ persist: { swallow: count(value) } })],
  ['persist-delay', (value: string) => ({ persist: { delayMs: parseDuration(value) } })],
  ['times', (value: string) => ({ faults: { times: positive(value) } })],
  ['seed', (value: string) => ({ faults: { seed: count(value) } })],
]);

const FLAGS: ReadonlyMap<string, Fragment> = new Map<string, Fragment>([
  ['hold', { faults: { hold: true } }],
  ['heartbeat', { faults: { heartbeat: true } }],
  ['persist-stuck', { persist: { stuck: true } }],
]);

/** Settings that say which requests others strike, and how, rather than being faults. */
const QUALIFIERS: ReadonlySet<string> = new Set(['times', 'seed', 'heartbeat']);
const ON_PERSISTENCE = /^persist-/;

/** One or more settings. Throws UsageError. */
export function parseFaults(settings: readonly string[]): Faults {
  const fragments = settings.map(fragmentOf);
  refuseTwice(settings.map(nameOf));
  const faults: Faults = Object.assign({}, ...fragments.map((fragment) => fragment.faults));
  const persist: PersistFaults = Object.assign({}, ...fragments.map(({ persist }) => persist));
  refuseIdle(settings.map(nameOf));
  return Object.keys(persist).length === 0 ? faults : { ...faults, persist };
}

/** The last one would hold, and nothing would say that the others do not. */
function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new UsageError(`"${twice}" is set twice`, 'leave one of them out');
}

/** What says only how other settings strike would read as set, and break nothing by itself. */
function refuseIdle(names: readonly string[]): void {
  const onTraffic = names.some((name) => !ON_PERSISTENCE.test(name) && !QUALIFIERS.has(name));
  const onDisk = names.some((name) => ON_PERSISTENCE.test(name));
  const idle = names.find(
    (name) => QUALIFIERS.has(name) && !onTraffic && !(name === 'seed' && onDisk),
  );
  if (idle === undefined) return;
  const needs = onDisk ? 'a fault of requests' : 'a fault';
  throw new UsageError(`"${idle}" breaks nothing without ${needs}`, `add one, like delay=500ms`);
}

function nameOf(setting: string): string {
  return setting.split('=', 1)[0]!;
}

function fragmentOf(setting: string): Fragment {
  const cut = setting.indexOf('=');
  const fragment =
    cut < 0 ? FLAGS.get(setting) : withValue(setting.slice(0, cut), setting.slice(cut + 1));
  if (fragment === undefined) throw unknown(setting);
  return fragment;
}

/** `hold=true` is `hold`, as in JSON. */
function withValue(name: string, value: string): Fragment | undefined {
  if (value === 'true' && FLAGS.has(name)) return FLAGS.get(name);
  try {
    return WITH_VALUE.get(name)?.(value);
  } catch (error) {
    // Of several settings, it says which.
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${name}: ${error.message}`, error.hint);
  }
}

function delay(value: string): number | { min: number; max: number } {
  const [from = '', to, ...rest] = value.split('..');
  if (to === undefined) return parseDuration(from);
  const [min, max] = [parseDuration(from), parseDuration(to)];
  if (rest.length === 0 && min <= max) return { min, max };
  throw new UsageError(`"${value}" is not a range of delays`, 'write it like 100ms..500ms');
}

function probability(value: string): number {
  const p = /^(?:0|1|0?\.\d{1,9}|[01]\.\d{1,9})$/.test(value) ? Number(value) : Number.NaN;
  if (p >= 0 && p <= 1) return p;
  throw new UsageError(`"${value}" is not a probability`, 'write a number from 0 to 1, like 0.3');
}

function unknown(setting: string): UsageError {
  const name = nameOf(setting);
  if (setting === 'clear' || setting === 'show') {
    return new UsageError(`"${setting}" is no setting: it stands alone`, 'one thing at a time');
  }
  if (FLAGS.has(name)) return new UsageError(`"${name}" takes no value`, `write just ${name}`);
  if (WITH_VALUE.has(name)) return new UsageError(`"${name}" needs a value`, `write ${name}=…`);
  const names = [...WITH_VALUE.keys()].map((known) => `${known}=…`);
  return new UsageError(
    `there is no fault "${name}"`,
    `known: ${[...names, ...FLAGS.keys()].join(' ')}, or clear, or show`,
  );
}
