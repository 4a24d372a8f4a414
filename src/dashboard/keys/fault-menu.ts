// The faults that the menu offers, each with a few strengths to go through. What is set otherwise,
// e.g. by `replog fault`, is kept unless its own line is changed.

import type { Faults, PersistFaults } from '../../client/answers.ts';

export interface FaultChoice {
  readonly name: string;
  readonly effect: string;
  /** Short names of the strengths; the first is "off". */
  readonly strengths: readonly string[];
  /** Which strength is set; -1: another one. */
  readonly current: (faults: Faults) => number;
  readonly set: (faults: Faults, strength: number) => Faults;
}

type Delay = NonNullable<Faults['delayMs']>;
type Chance = 'errorBefore' | 'errorAfter' | 'dropRequest' | 'dropReply';

export const FAULT_CHOICES: readonly FaultChoice[] = [
  {
    name: 'delay',
    effect: 'requests are handled late',
    ...choice<Delay>(
      [['off'], ['100ms', 100], ['500ms', 500], ['2s', 2_000], ['0..1s', { min: 0, max: 1_000 }]],
      ({ delayMs }) => delayMs,
      ({ delayMs: _, ...rest }, value) =>
        value === undefined ? rest : { ...rest, delayMs: value },
    ),
  },
  chance('error-before', 'answers 500 without applying', 'errorBefore'),
  chance('error-after', 'applies, then answers 500', 'errorAfter'),
  chance('drop-request', 'swallows the request', 'dropRequest'),
  chance('drop-reply', 'applies, swallows the answer', 'dropReply'),
  flag('hold', 'everything waits until this is lifted', 'hold'),
  flag('heartbeat', 'heartbeats are affected too', 'heartbeat'),
  {
    name: 'persist-fail',
    effect: 'writing to disk fails',
    ...choice(
      [['off'], ['0.3', 0.3], ['1', 1]],
      ({ persist }) => persist?.fail,
      (faults, value) => withPersist(faults, 'fail', value),
    ),
  },
  {
    name: 'persist-delay',
    effect: 'writing to disk ends late',
    ...choice(
      [['off'], ['200ms', 200], ['1s', 1_000]],
      ({ persist }) => persist?.delayMs,
      (faults, value) => withPersist(faults, 'delayMs', value),
    ),
  },
  {
    name: 'persist-swallow',
    effect: 'of two writes to disk one is lost',
    ...choice(
      [['off'], ['on', 1]],
      ({ persist }) => persist?.swallow,
      (faults, value) => withPersist(faults, 'swallow', value),
    ),
  },
  {
    name: 'persist-stuck',
    effect: 'writing to disk never ends',
    ...choice<true>(
      [['off'], ['on', true]],
      ({ persist }) => (persist?.stuck ? true : undefined),
      (faults, value) => withPersist(faults, 'stuck', value),
    ),
  },
];

type Strength<Value> = readonly [name: string, value?: Value];

function choice<Value>(
  strengths: readonly Strength<Value>[],
  get: (faults: Faults) => Value | undefined,
  put: (faults: Faults, value: Value | undefined) => Faults,
): Pick<FaultChoice, 'strengths' | 'current' | 'set'> {
  const texts = strengths.map(([, value]) => JSON.stringify(value ?? null));
  return {
    strengths: strengths.map(([name]) => name),
    current: (faults) => texts.indexOf(JSON.stringify(get(faults) || null)),
    set: (faults, strength) => put(faults, strengths[strength]?.[1]),
  };
}

function chance(name: string, effect: string, field: Chance): FaultChoice {
  const strengths: readonly Strength<number>[] = [['off'], ['0.3', 0.3], ['0.7', 0.7], ['1', 1]];
  return {
    name,
    effect,
    ...choice(
      strengths,
      (faults) => faults[field],
      (faults, value) => {
        const { [field]: _, ...rest } = faults;
        return value === undefined ? rest : { ...rest, [field]: value };
      },
    ),
  };
}

function flag(name: string, effect: string, field: 'hold' | 'heartbeat'): FaultChoice {
  const strengths: readonly Strength<true>[] = [['off'], ['on', true]];
  return {
    name,
    effect,
    ...choice<true>(
      strengths,
      (faults) => (faults[field] ? true : undefined),
      (faults, value) => {
        const { [field]: _, ...rest } = faults;
        return value === undefined ? rest : { ...rest, [field]: value };
      },
    ),
  };
}

function withPersist<Field extends keyof PersistFaults>(
  faults: Faults,
  field: Field,
  value: PersistFaults[Field] | undefined,
): Faults {
  const { persist = {}, ...rest } = faults;
  const { [field]: _, ...others } = persist;
  const next = value === undefined ? others : { ...others, [field]: value };
  return Object.keys(next).length === 0 ? rest : { ...rest, persist: next };
}
