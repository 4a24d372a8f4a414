// The words that stand for keys: the command lines of the foot, and the one table.

import { describe, expect, test } from 'vitest';
import { situationOf } from '../../src/dashboard/keys/key-entry.ts';
import { KEY_MAP } from '../../src/dashboard/keys/key-map.ts';
import { firstScreen } from '../../src/dashboard/keys/screen-state.ts';
import { footLines } from '../../src/dashboard/screen/foot.ts';
import { recorded, STATES } from './recorded.ts';
import { footOf, typed } from './typing.ts';

const healthy = recorded(STATES.healthy!);

describe('the foot says the command line that does the same', () => {
  test.each([
    [['j'], 'replog stop|kill|pause|restart|rm n2'],
    [['j', 'x'], 'replog stop n2'],
    [['j', 'X'], 'replog kill n2'],
    [['j', 'z'], 'replog pause n2'],
    [['j', 'r'], 'replog restart n2'],
    [['j', 'd'], 'replog rm n2'],
    [['X'], 'replog kill n1'],
    [['a'], 'replog add'],
    [['j', 'f'], 'replog fault n2 clear'],
    [['m', 'д', 'а', 'tab'], "replog append 'да' --w 1"],
    [['w'], 'seq 1000 | replog append -'],
    [['l'], 'curl http://127.0.0.1:4003/cluster/nodes/n1/output'],
    [['up'], 'replog explain 11'],
    [['up', 'enter'], 'replog explain 11'],
    [['j', 'k'], 'replog kv list --url http://127.0.0.1:4001'],
    [['s'], 'replog list --follow'],
    [['?'], 'replog --help'],
    [['q'], 'replog stop'],
  ])('of %j', (keys, command) => {
    expect(footOf(healthy, typed(healthy, keys).screen)).toMatch(
      new RegExp(`^ \\$ ${command.replace(/[|$.?]/g, '\\$&')} *$`, 'm'),
    );
  });

  test('with what finds a cluster that is not the only one', () => {
    const elsewhere = firstScreen(false, '--name b');
    const foot = (...keys: string[]) => footOf(healthy, typed(healthy, keys, elsewhere).screen);
    expect(foot('j', 'x')).toContain(' $ replog stop n2 --name b ');
    expect(foot('?')).toContain(' $ replog --help ');
    expect(foot('k')).toContain(' $ replog kv list --url http://127.0.0.1:4000 ');
  });

  test.each([120, 80, 60])('and at %i columns every key that is valid now', (width) => {
    const keys = footLines(healthy, firstScreen(true), width, width < 76 ? 1 : 2)
      .flat()
      .filter(({ style }) => style === 'bold')
      .map(({ text }) => text.trim());
    expect(keys).toEqual(['x', 'X', 'z', 'r', 'a', 'f', 'm', 'w', 'Enter', ...'lkspy?q']);
  });
});

describe('one table', () => {
  test('no key stands in it twice, and every key with an effect has a command line', () => {
    const keys = KEY_MAP.flatMap((entry) => entry.keys);
    expect(new Set(keys).size).toBe(keys.length);
    const situation = situationOf(healthy, { ...firstScreen(true), node: 'n2' });
    const acting = KEY_MAP.filter(({ key, label }) => label !== '' && !['p', 'y'].includes(key));
    expect(acting.filter((entry) => entry.command(situation) === null)).toEqual([]);
  });

  test('every command line that it names is one of replog’s', async () => {
    const { newProgram } = await import('../../src/cli/program.ts');
    const { register: cluster } = await import('../../src/cli/commands/control.ts');
    const program = newProgram();
    cluster(program);
    const known = new Set(program.commands.map((command) => command.name()));
    const situation = situationOf(healthy, { ...firstScreen(true), node: 'n2' });
    const verbs = ['x', 'X', 'z', 'r'].map(
      (key) =>
        KEY_MAP.find(({ keys }) => keys.includes(key))!
          .command(situation)!
          .split(' ')[1]!,
    );
    expect(verbs.filter((verb) => !known.has(verb))).toEqual([]);
  });
});
