import { expect, test } from 'vitest';
import { formatDuration, parseDuration, parseTimeout } from '../../src/cli/arguments/duration.ts';
import { parseFaults } from '../../src/cli/arguments/fault-settings.ts';
import { minutesUpTo } from '../../src/cli/arguments/minutes.ts';
import { parseReadLevel } from '../../src/cli/arguments/read-level.ts';
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts';
import { parseWriteConcern, refuseUnsatisfiable } from '../../src/cli/arguments/write-concern.ts';
import { UsageError } from '../../src/cli/exit.ts';
import { faultWords } from '../../src/client/fault-words.ts';

test.each([
  ['500ms', 500],
  ['5s', 5_000],
  ['0.5s', 500],
  ['2m', 120_000],
  ['24h', 86_400_000],
  ['0s', 0],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '5', '5 s', '-1s', '1e3ms', '25h', 's', '.5s', '1d', '٥s'])(
  '"%s" is no duration',
  (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
  },
);

test('minutes may be parts of one', () => {
  const texts = ['0.5', '5', '0.001', '10000'];
  expect(texts.map(minutesUpTo(10_000))).toEqual([0.5, 5, 0.001, 10_000]);
});

test.each(['0', '0.0', '-1', '.5', '5.', '1e2', '10000.1', '0.0001', '5m', ''])(
  '"%s" is no number of minutes',
  (text) => {
    expect(() => minutesUpTo(10_000)(text)).toThrow(UsageError);
  },
);

test('a time limit is at least a millisecond', () => {
  expect(() => parseTimeout('0ms')).toThrow(UsageError);
  expect(parseTimeout('1ms')).toBe(1);
});

test.each([
  [0.4213, '0.42 ms'],
  [2, '2 ms'],
  [9.994, '9.99 ms'],
  [9.996, '10 ms'],
  [999.6, '1.0 s'],
  [59_960, '1 min 0 s'],
  [412.7, '413 ms'],
  [3_400, '3.4 s'],
  [125_000, '2 min 5 s'],
  [7_260_000, '2 h 1 min'],
])('%d ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  ['1', 1],
  ['3', 3],
  ['majority', 'majority'],
  ['all', 'all'],
])('w %s', (text, w) => {
  expect(parseWriteConcern(text)).toBe(w);
});

test.each(['0', '-1', '1.5', 'abc', '', 'ALL', '10000000000', '1e2', '01'])(
  'w "%s" is refused',
  (text) => {
    expect(() => parseWriteConcern(text)).toThrow(UsageError);
  },
);

test('a default w above the configured size is refused, any other is not', () => {
  expect(() => refuseUnsatisfiable(4, 2)).toThrow('--w 4 asks for more nodes');
  expect(() => refuseUnsatisfiable(3, 2)).not.toThrow();
  expect(() => refuseUnsatisfiable('all', 0)).not.toThrow();
  expect(() => refuseUnsatisfiable(9, undefined)).not.toThrow();
});

test('read levels', () => {
  expect(parseReadLevel('majority')).toBe('majority');
  expect(() => parseReadLevel('strong')).toThrow(UsageError);
});

test.each(['', '0', '11', '1.0', '+1', ' 1', '01', '1e0', 'x'])(
  '"%s" is no whole number from 1 to 10',
  (text) => {
    expect(() => wholeNumber(1, 10)(text)).toThrow(/from 1 to 10/);
  },
);

test.each([
  [['delay=500ms'], { delayMs: 500 }],
  [['delay=100ms..2s'], { delayMs: { min: 100, max: 2_000 } }],
  [
    ['error-before=0.1', 'error-after=0.3', 'drop-request=1', 'drop-reply=0'],
    { errorBefore: 0.1, errorAfter: 0.3, dropRequest: 1, dropReply: 0 },
  ],
  [['hold', 'heartbeat'], { hold: true, heartbeat: true }],
  [['hold=true', 'persist-stuck=true'], { hold: true, persist: { stuck: true } }],
  [
    ['persist-fail=.5', 'persist-swallow=2', 'persist-stuck', 'persist-delay=1s'],
    { persist: { fail: 0.5, swallow: 2, stuck: true, delayMs: 1_000 } },
  ],
  [['delay=5ms', 'times=3', 'seed=0'], { delayMs: 5, times: 3, seed: 0 }],
  [['persist-fail=1', 'seed=0'], { seed: 0, persist: { fail: 1 } }],
])('faults %j', (settings, faults) => {
  expect(parseFaults(settings)).toEqual(faults);
});

test.each([
  ['delay=100ms..2000ms error-before=0.1 error-after=0.2 drop-request=0.3 drop-reply=0.4 hold'],
  ['hold persist-fail=0.5 persist-swallow=2 persist-stuck persist-delay=20ms'],
  ['delay=0ms..10ms heartbeat times=7 seed=0'],
])('%s is what is shown, and what can be typed', (words) => {
  expect(faultWords(parseFaults(words.split(' ')))).toBe(words);
});

test.each([
  ['delay', /needs a value/],
  ['hold=yes', /takes no value/],
  ['delay=true', /not a duration/],
  ['error-after=1.1', /not a probability/],
  ['error-after=', /not a probability/],
  ['delay=2s..1s', /not a range/],
  ['constructor=1', /no fault/],
  ['clear', /"clear" is no setting: it stands alone/],
  ['delay=5ms show', /"show" is no setting: it stands alone/],
  ['times=0', /^times: "0" is not a whole number from 1 on/],
  ['hold error-after=0.1 delay=5', /^delay: "5" is not a duration/],
  ['delay=5ms hold delay=7ms', /"delay" is set twice/],
  ['hold hold=true', /"hold" is set twice/],
  ['times=1', /"times" breaks nothing without a fault$/],
  ['seed=1', /"seed" breaks nothing without a fault$/],
  ['heartbeat', /"heartbeat" breaks nothing without a fault$/],
  ['seed=1 persist-fail=1 times=1', /"times" breaks nothing without a fault of requests$/],
  ['persist-stuck heartbeat', /"heartbeat" breaks nothing without a fault of requests$/],
])('fault "%s" is refused', (settings, why) => {
  expect(() => parseFaults(settings.split(' '))).toThrow(why);
});
