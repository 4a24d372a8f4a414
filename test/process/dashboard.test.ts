// The dashboard on a real terminal: tmux is one, and can be asked what it shows.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Belongings, call, ENTRY, freePorts, Program, until } from './program.ts';
import { Terminal, tmuxWorks } from './terminal.ts';

const belongings = new Belongings();
let terminal: Terminal;
let port: number;
let home: string;

/** Has a process throw where nobody catches it, or write a warning, when it is told to. */
const THROWER = `data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => { throw new Error('thrown on purpose'); });" +
    "process.on('SIGPROF', () => process.emitWarning('written meanwhile'));",
)}`;

beforeEach(async () => {
  home = await belongings.folder();
  port = await freePorts(5);
  if (!tmuxWorks) return;
  const env = {
    REPLOG_RUN_DIR: join(home, 'run'),
    LANG: 'C.UTF-8',
    NO_COLOR: '',
    NODE_OPTIONS: `--import ${THROWER}`,
  };
  terminal = new Terminal(home, env);
  belongings.add(async () => terminal.close());
});

afterEach(() => belongings.release());

const start = (...more: readonly string[]): void => {
  const args = ['cluster', '--memory', '--port', `${port}`, ...more];
  terminal.type(`${process.execPath} ${ENTRY} ${args.join(' ')}`, 'Enter');
};

const control = (secondaries = 2): string => `http://127.0.0.1:${port + secondaries + 1}`;

async function launcherPid(url: string): Promise<number> {
  return (await call('GET', `${url}/cluster`)).body.pid;
}

/** The terminal is as it was: no alternate screen, a cursor, and what is typed is seen and run. */
async function expectUsable(): Promise<void> {
  await until(
    async () => terminal.modes,
    (modes) => modes === '0 1',
    'the normal screen is back',
  );
  terminal.type('Enter');
  await terminal.shows(/ready>$/m);
  terminal.type(
    'stty -a | tr -s "; " "\\n" | grep -xE -- "-?(icanon|echo|isig)" | xargs echo modes:',
  );
  terminal.type('Enter');
  await terminal.shows(/modes: isig icanon echo/);
}

async function expectNoProcess(url: string): Promise<void> {
  const left = async (): Promise<string> =>
    spawnSync('pgrep', ['-f', `--join ${url}`], { encoding: 'utf8' }).stdout;
  await until(left, (pids) => pids === '', 'no node is left', 5_000);
}

describe.skipIf(!tmuxWorks)('on a terminal', () => {
  test('the commands it shows name a cluster that was given a name', async () => {
    start('--name', 'mine', '--secondaries', '0');
    await terminal.shows(/replog \S+ n\d --name mine/);
    terminal.type('q');
    await terminal.shows(/y replog stop --name mine/);
    terminal.type('y');
    await terminal.shows(/ready>/);
  });

  test('shows the cluster, breaks a node, mends it, and gives the terminal back', async () => {
    start();
    await terminal.shows(/★ n1 master.*◇ n2 secondary.*◇ n3 secondary/);
    await call('POST', `http://127.0.0.1:${port}/messages`, { message: 'привіт 👋', w: 3 });
    await terminal.shows(/1[│┃] ● привіт 👋 +[│┃] ● привіт 👋 +│ ● привіт 👋/);
    terminal.type('Right', 'X');
    await terminal.shows(/□ down/);
    terminal.type('m', 'hello', 'Left', 'Enter');
    await terminal.shows(/2│ ◐ hello +┃ ·{20,}.*│ ◐ hello/);
    await terminal.shows(/#2 w=all waits .* not yet on n2 /);
    terminal.type('r');
    await terminal.shows(/stored as #2, acks .*w=all/);
    await terminal.shows(/2│ ● hello +┃ ● hello +│ ● hello/);
    // Whatever the size, the screen is filled again without a trace of the old one.
    for (const [columns, rows, shown] of [
      [80, 24, /n2 secondary +│ +◇ n3/],
      [60, 16, /2 ●●● hello/],
      [39, 7, /^n1 e\d+ 3\/3 /],
      [120, 40, /1│ ● привіт 👋 +┃ ● привіт 👋/],
    ] as const) {
      terminal.run('resize-window', '-t', 't', '-x', `${columns}`, '-y', `${rows}`);
      await terminal.shows(shown);
    }
    process.kill(await launcherPid(control()), 'SIGTERM');
    const left = await terminal.shows(/^stopped$/m);
    expect(left).toMatch(/^cluster-\d+: read-write, epoch \d+, last index 2$/m);
    expect(left).toContain(`  n2  secondary  Healthy  last 2  http://127.0.0.1:${port + 1}`);
    await expectUsable();
    await expectNoProcess(control());
  });

  test('what others write meanwhile moves nothing, and is there afterwards', async () => {
    start('--secondaries', '0');
    const before = await terminal.shows(/★ n1 master/);
    const pid = await launcherPid(control(0));
    process.kill(pid, 'SIGPROF');
    // Keys come after the signal: when this one is obeyed, the warning has been written.
    terminal.type('p');
    const shown = await terminal.shows(/PAUSED/);
    expect(shown).not.toContain('written meanwhile');
    const rowOf = (screen: string): number =>
      screen.split('\n').findIndex((line) => line.includes('★ n1 master'));
    expect(rowOf(shown)).toBe(rowOf(before));
    process.kill(pid, 'SIGTERM');
    await terminal.shows(/^stopped$/m);
    expect(terminal.screen).toContain('Warning: written meanwhile');
    await expectUsable();
    await expectNoProcess(control(0));
  });

  // SIGUSR2: an exception that nobody catches, thrown in the launcher.
  test.each(['SIGKILL', 'SIGUSR2'] as const)(
    'gives the terminal back after %s, and leaves no process',
    async (signal) => {
      start('--secondaries', '0');
      await terminal.shows(/★ n1 master/);
      expect(terminal.modes).toBe('1 0');
      process.kill(await launcherPid(control(0)), signal);
      await expectUsable();
      if (signal === 'SIGUSR2') expect(terminal.screen).toContain('Error: thrown on purpose');
      await expectNoProcess(control(0));
    },
  );

  test('gives it back after SIGKILL, though whoever does that is late and slow', async () => {
    const [tools, go] = [join(home, 'tools'), join(home, 'go')];
    await mkdir(tools);
    // The settings are read before the dashboard opens, or else when it has been killed.
    const wait = `while [ ! -e ${go} ]; do sleep 0.05; done`;
    // What sets them takes long enough for somebody to type before that, if the screen were back.
    const slow = '[ "$1" = -g ] || sleep 0.5';
    const late = `#!/bin/sh\n${wait}\n${slow}\nPATH="\${PATH#*:}"\nexec stty "$@"\n`;
    await writeFile(join(tools, 'stty'), late, { mode: 0o755 });
    terminal.type(`PATH=${tools}:$PATH`, 'Enter');
    start('--secondaries', '0');
    await terminal.shows(/★ n1 master/);
    process.kill(await launcherPid(control(0)), 'SIGKILL');
    await writeFile(go, '');
    await expectUsable();
    await expectNoProcess(control(0));
  });
});

describe.skipIf(!tmuxWorks)('elsewhere', () => {
  test('Ctrl-Z gives the terminal back to the shell, and fg takes it again', async () => {
    const url = `http://127.0.0.1:${port}`;
    const master = new Program(['master', '--memory', '--port', `${port}`, '--json'], {
      REPLOG_RUN_DIR: join(home, 'run'),
    });
    belongings.add(async () => master.stop());
    await master.event('listening');
    // Below somebody who waits for it, as npx does: the shell is back when both stand still.
    const line = `${process.execPath} ${ENTRY} dashboard --url ${url}; exit $?`;
    terminal.type(`sh -c '${line}'`, 'Enter');
    await terminal.shows(/★ n\d* master/);
    terminal.type('m', 'C-z');
    await expectUsable();
    terminal.type('fg', 'Enter');
    // As it was left, and every key is read again.
    await terminal.shows(/message {2}hello_/);
    expect(terminal.modes).toBe('1 0');
    terminal.type('Escape');
    await terminal.shows(/log \(empty\)/);
    terminal.type('s');
    await terminal.shows(/^streaming; s returns/m);
    terminal.type('C-z');
    await expectUsable();
    terminal.type('fg', 'Enter');
    terminal.type('s');
    await terminal.shows(/★ n\d* master/);
    terminal.type('q');
    await terminal.shows(/read-write, epoch 1, last index 0$/m);
    await expectUsable();
  });

  test('whatever stops and continues it, its keys and its screen are there again', async () => {
    start('--secondaries', '0');
    await terminal.shows(/★ n1 master/);
    const pid = await launcherPid(control(0));
    // Unasked, with no time to give anything back; whoever gets the terminal sets its own modes.
    process.kill(pid, 'SIGSTOP');
    await terminal.shows(/ready>/);
    terminal.type('stty sane', 'C-j');
    await terminal.shows(/ready>[\s\S]*ready>/);
    terminal.type('fg', 'Enter');
    await until(
      async () => terminal.screen,
      (screen) => !screen.includes('ready>') && screen.includes('★ n1 master'),
      'the shell has gone from the screen',
    );
    terminal.type('?');
    await terminal.shows(/─ help ─/);
    process.kill(pid, 'SIGTERM');
    await terminal.shows(/^stopped$/m);
    await expectUsable();
    await expectNoProcess(control(0));
  });

  test('a terminal that is closed ends the cluster with it', async () => {
    start('--secondaries', '0');
    await terminal.shows(/★ n1 master/);
    const pid = await launcherPid(control(0));
    terminal.close();
    const isThere = async (): Promise<boolean> => existsSync(`/proc/${pid}`);
    await until(isThere, (there) => !there, 'the launcher has ended', 6_000);
    await expectNoProcess(control(0));
  });

  test('a master without a launcher is shown, and what cannot be done is said', async () => {
    const url = `http://127.0.0.1:${port}`;
    const attach = `${process.execPath} ${ENTRY} dashboard --url ${url}; echo code $?`;
    terminal.type(attach, 'Enter');
    const refused = await terminal.shows(/^code 3$/m);
    expect(refused).toContain(`replog: nothing answers at ${url}`);
    const master = new Program(['master', '--memory', '--port', `${port}`, '--json'], {
      REPLOG_RUN_DIR: join(home, 'run'),
    });
    belongings.add(async () => master.stop());
    await master.event('listening');
    terminal.type(attach, 'Enter');
    await terminal.shows(/★ n\d* master/);
    terminal.type('X');
    await terminal.shows(/X: no launcher is known: do that where the process was started/);
    await master.stop();
    // What is known stays, with its age, and the way back is looked for.
    await terminal.shows(/NO MASTER: .* has not answered/);
    // Ink listens for signals, too, and ends the process where it believes to be alone in that.
    spawnSync('pkill', ['-TERM', '-f', `dashboard --url ${url}$`]);
    expect(await terminal.shows(/^code 0$/m)).toMatch(new RegExp(`last \\d+ +${url}$`, 'm'));
    await expectUsable();
  });
});

test('without a terminal there is none, and the command says what to use instead', async () => {
  const program = new Program(['dashboard'], { REPLOG_RUN_DIR: join(home, 'run') });
  expect((await program.exited).code).toBe(2);
  expect(program.stderr).toContain('the dashboard needs a terminal');
  expect(program.stderr).toContain('replog health --watch');
});
