// Why a cluster could not start: what the folder was given for decides the exit code.

import { expect, test } from 'vitest';
import { startProblem } from '../../../src/cli/cluster/start-problem.ts';
import { endingOf } from '../../../src/cli/exit.ts';
import { DamagedRoster, ForeignFolder } from '../../../src/cluster/files/roster.ts';
import { PortTaken } from '../../../src/cluster/start/ports.ts';

test('a folder that is not of replog is a mistake of usage', () => {
  const ending = endingOf(startProblem(new ForeignFolder('/x holds files'), '/x'));
  expect(ending).toMatchObject({ code: 2, sentence: '/x holds files' });
});

test('a port that is not for this user is not said to be in use', () => {
  const cause = Object.assign(new Error('listen'), { code: 'EACCES' });
  const forbidden = endingOf(startProblem(new PortTaken(80, cause), '/x'));
  expect(forbidden).toMatchObject({ code: 2, hint: 'choose a higher --port' });
  const taken = endingOf(startProblem(new PortTaken(80), '/x'));
  expect(taken).toMatchObject({ code: 2, hint: expect.stringContaining('stop what listens') });
});

test('a roster that is damaged is refused with the way out', () => {
  const ending = endingOf(startProblem(new DamagedRoster('cluster.json is damaged'), '/x'));
  expect(ending).toMatchObject({ code: 1, hint: expect.stringContaining('remove that file') });
});
