// The program as it reaches people: packed, installed without scripts, started through links and
// from other folders, and honest in its exit codes.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Group } from './group.ts';
import { Belongings, ENTRY, freePorts, Program } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs it to its end. */
function run(entry: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  const done = spawnSync(process.execPath, [entry, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', REPLOG_RUN_DIR: join(cwd, 'run'), ...env },
  });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** Installs what `npm pack` makes, without scripts and without a network: nothing stands beside it
 * that only this checkout has. */
function install(home: string): void {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', home];
  const [{ filename }] = JSON.parse(
    execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  const modules = join(home, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  execFileSync('tar', ['-xzf', join(home, filename), '-C', home]);
  execFileSync('mv', [join(home, 'package'), join(modules, 'replog')]);
  const { bin } = JSON.parse(readFileSync(join(modules, 'replog', 'package.json'), 'utf8'));
  symlinkSync(join('..', 'replog', bin.replog), join(modules, '.bin', 'replog'));
}

/** A program that uses what the client offers; lines that must not compile say so. */
const CONSUMER = `
  import { type ClientOptions, type LogEntry, OperationFailed, ProblemError, ReplogClient } from
    'replog/client';
  import { LogReplaced, OutcomeUnknown, ReplogError, Unreachable } from 'replog/client';
  const options: ClientOptions = { url: 'http://127.0.0.1:1', fetch, token: undefined };
  const client = new ReplogClient(options);
  export async function use(signal: AbortSignal): Promise<(string | number | null)[]> {
    const { index, acks } = await client.append('m', { w: 'all', signal });
    const health = await client.health({ signal });
    if (health.role === 'master') return health.members.map(({ status }) => status);
    for await (const page of client.pages({ read: 'majority' })) return [page.messages.length];
    for await (const entry of client.follow({ signal })) return [textOf(entry), index, ...acks];
    // @ts-expect-error A message is text.
    await client.append(3);
    // @ts-expect-error There is no such option.
    await client.append('m', { wait: 3 });
    return [];
  }
  const textOf = (entry: LogEntry): string | null => (entry.op === 'append' ? entry.message : null);
  export function whatOf(error: unknown): string | number | null {
    if (error instanceof OperationFailed) return error.acks.join(error.key);
    if (error instanceof ProblemError) return error.code;
    if (error instanceof OutcomeUnknown) return error.idempotencyKey;
    if (error instanceof LogReplaced) return error.index;
    if (error instanceof Unreachable) return error.url;
    return error instanceof ReplogError ? error.message : null;
  }
`;

/** The files below the folder, seen from there. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map(({ name, parentPath }) => relative(folder, join(parentPath, name)));

/** Where a document's links to other files lead, seen from the package's folder. */
function linksOf(folder: string, file: string): { readonly file: string; readonly to: string }[] {
  const text = readFileSync(join(folder, file), 'utf8');
  return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => ({
    file,
    to: join(dirname(file), link),
  }));
}

describe('the packed program', () => {
  const kept = new Belongings();
  let home: string;
  let master: string;

  beforeAll(async () => {
    home = await kept.folder();
    install(home);
  });

  afterAll(() => kept.release());

  test('runs a cluster after an installation without scripts', async () => {
    const folder = join(home, 'node_modules', 'replog');
    for (const part of ['test', 'tsconfig.json', '.ci']) {
      expect(existsSync(join(folder, part))).toBe(false);
    }
    const entry = join(home, 'node_modules', '.bin', 'replog');
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(run(entry, ['--version'], home).stdout.trim()).toBe(version);

    const env = { REPLOG_RUN_DIR: join(home, 'run') };
    const port = await freePorts(3);
    const args = ['cluster', '--json', '--memory', '--secondaries', '1', '--port', `${port}`];
    const cluster = new Program(args, env, home, entry);
    kept.add(() => cluster.stop());
    await cluster.event('ready');
    master = `http://127.0.0.1:${port}`;
    // The demos are data beside the program.
    expect(run(entry, ['demo', '--list'], home).stdout).toContain('crash-durability');
    // Client commands find the cluster without being told where it is.
    const append = run(entry, ['append', 'packed', '--w', 'all', '--json'], home);
    expect([append.code, append.stderr]).toEqual([0, '']);
    expect(JSON.parse(append.stdout).acks.toSorted()).toEqual(['n1', 'n2']);
    expect(run(entry, ['list', 'n2'], home).stdout).toContain('packed');
  });

  test('brings what its documents link to, and no source beside that', () => {
    const folder = join(home, 'node_modules', 'replog');
    const files = filesBelow(folder);
    expect(files.filter((file) => file.startsWith('src/')).sort()).toEqual([
      'src/core/README.md',
      'src/persistence/README.md',
    ]);
    const links = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => linksOf(folder, file));
    expect(links.length).toBeGreaterThan(30);
    expect(links.filter(({ to }) => !existsSync(join(folder, to)))).toEqual([]);
  });

  test('brings all that it needs: no other package is installed with it', () => {
    const folder = join(home, 'node_modules', 'replog');
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('dependencies');
    // Nor do its declarations name one, so that a compiler that looks into them finds all it needs.
    const files = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
    const declarations = files.filter((file) => file.endsWith('.d.ts'));
    expect(declarations).toContain(join('client', 'client.d.ts'));
    for (const file of declarations) {
      const text = readFileSync(join(folder, 'dist', file), 'utf8');
      const named = [...text.matchAll(/(?:from |import\()'([^']+)'/g)].map(([, name]) => name!);
      expect([file, named.filter((name) => !/^(?:\.|node:)/.test(name))]).toEqual([file, []]);
    }
  });

  test.each([
    ['module', 'node16', 'node16'],
    ['module', 'nodenext', 'nodenext'],
    ['module', 'esnext', 'bundler'],
    ['commonjs', 'nodenext', 'nodenext'],
  ])('has types for a %s with %s, found by %s', (type, module, moduleResolution) => {
    const folder = join(home, `${type}-${moduleResolution}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
    writeFileSync(join(folder, 'use.ts'), CONSUMER);
    const strict = { strict: true, exactOptionalPropertyTypes: true, noUnusedLocals: true };
    // The declarations are looked into, too, and nothing but Node's own types is there.
    const found = { module, moduleResolution, skipLibCheck: false };
    const types = { types: ['node'], typeRoots: [join(ROOT, 'node_modules', '@types')] };
    const compilerOptions = { ...strict, ...found, ...types, target: 'es2022', noEmit: true };
    const config = { compilerOptions, files: ['use.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    const done = spawnSync(compiler, ['--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
    expect([done.stdout, done.status]).toEqual(['', 0]);
  });

  test.each(['esm', 'cjs'] as const)(
    'its client can be bundled once more, as %s',
    async (format) => {
      const source = join(home, `bundled-${format}.ts`);
      writeFileSync(
        source,
        `import { ReplogClient } from 'replog/client';
      new ReplogClient({ url: process.argv[2]! }).append('bundled', { w: 1 })
        .then(({ acks }) => console.log(acks.join()));`,
      );
      const outfile = join(home, `bundled.${format === 'esm' ? 'mjs' : 'cjs'}`);
      await build({ entryPoints: [source], bundle: true, platform: 'node', format, outfile });
      const done = run(outfile, [master], home);
      expect(done).toEqual({ code: 0, stdout: 'n1\n', stderr: '' });
    },
  );

  test('offers its client to scripts that are no modules', () => {
    const program = `
      const { ReplogClient } = require('replog/client');
      new ReplogClient({ url: process.argv[1] }).append('required', { w: 1 })
        .then(({ acks }) => console.log(acks.join()));`;
    const args = ['--input-type=commonjs', '-e', program, master];
    expect(execFileSync(process.execPath, args, { cwd: home, encoding: 'utf8' })).toBe('n1\n');
  });

  test('offers its client to programs, which end when they have nothing more to do', async () => {
    const program = `
      import { ReplogClient } from 'replog/client';
      const client = new ReplogClient({ url: process.argv[1] });
      const { signal } = new AbortController();
      const messages = Array.from({ length: 20 }, (_, i) => String(i));
      await Promise.all(messages.map((message) => client.append(message, { signal })));
      for await (const _ of client.follow({ signal })) break;
      for await (const _ of client.follow({ signal: AbortSignal.timeout(100) }));
      for await (const _ of client.pages({ signal, limit: 1 })) break;
      await client.append('for nobody', { w: 2, signal: AbortSignal.timeout(20) }).catch(() => {});
      const done = performance.now();
      process.on('exit', () => console.log(performance.now() - done));
    `;
    const args = ['--input-type=module', '-e', program, master];
    const stdout = execFileSync(process.execPath, args, { cwd: home, encoding: 'utf8' });
    // The shortest time for which anything of the client waits for anything is 10 s.
    expect(Number(stdout)).toBeLessThan(5_000);
  });

  test('offers its client to programs', async () => {
    const program = `
      import { ReplogClient } from 'replog/client';
      const client = new ReplogClient({ url: process.argv[1] });
      console.log(JSON.stringify(await client.append('from a program', { w: 1 })));
    `;
    const args = ['--input-type=module', '-e', program, master];
    const stdout = execFileSync(process.execPath, args, { cwd: home, encoding: 'utf8' });
    expect(JSON.parse(stdout)).toMatchObject({ w: 1, acks: ['n1'] });
  });
});

test('a checkout is built by `npm ci`, and before it is packed', async () => {
  const folder = await belongings.folder();
  const { name, version, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  // In place of the build, which would be this checkout's, something that leaves a trace.
  const build = `node -e "require('fs').appendFileSync('built', '.')"`;
  const manifest = { name, version, scripts: { ...scripts, build } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const lock = { name, version, lockfileVersion: 3, packages: { '': { name, version } } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const npm = (...args: string[]) => execFileSync('npm', args, { cwd: folder, stdio: 'ignore' });
  const built = () => readFileSync(join(folder, 'built'), 'utf8').length;
  npm('ci', '--offline');
  expect(built()).toBe(1);
  npm('pack');
  expect(built()).toBe(2);
});

describe('from another folder, through a link', () => {
  test('it works as in its own', async () => {
    const folder = await belongings.folder();
    const link = join(folder, 'a link');
    symlinkSync(ENTRY, link);
    const chain = join(folder, 'a link to a link');
    symlinkSync(link, chain);
    expect(run(link, ['--help'], folder)).toMatchObject({ code: 0, stderr: '' });
    expect(run(chain, ['append', '--help'], '/')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('exit codes', () => {
  test('say what came of it; errors go to stderr, results to stdout', async () => {
    const folder = await belongings.folder();
    const group = await Group.start(belongings, { size: 2 });
    const at = { REPLOG_URL: group.master };
    const nobody = { REPLOG_URL: `http://127.0.0.1:${await freePorts(1)}` };
    const replog = (args: readonly string[], env = at) => run(ENTRY, args, folder, env);

    const done = replog(['append', 'one', 'two', '--w', '2']);
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(replog(['list']).stdout).toMatch(/one[\s\S]*two/);

    const failures: [code: number, args: string[], env: { REPLOG_URL: string }][] = [
      [1, ['append', 'x', '--w', '9'], at],
      [1, ['outcome', 'never'], at],
      [2, ['append'], at],
      [2, ['append', 'x', '--w', 'most'], at],
      [2, ['append', 'x', '--nonsense'], at],
      [2, ['nonsense'], at],
      [3, ['append', 'x'], nobody],
      [3, ['list'], nobody],
      [3, ['health'], nobody],
    ];
    const runs = failures.map(async ([code, args, env]) => {
      const failed = belongings.program(args, { REPLOG_RUN_DIR: join(folder, 'run'), ...env });
      expect([args, (await failed.exited).code]).toEqual([args, code]);
      expect([args, failed.lines]).toEqual([args, []]);
      expect(failed.stderr.trim()).not.toBe('');
    });
    await Promise.all(runs);

    await group.breaks(2, { hold: true });
    const unknown = replog(['append', 'open', '--w', '2', '--timeout', '300ms']);
    expect([unknown.code, unknown.stdout]).toEqual([4, '']);
    expect(unknown.stderr).toContain('3');
  });
});
