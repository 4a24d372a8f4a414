// The rules about the code that no compiler knows. Each failure says what to do instead.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { GUARANTEES } from '../src/scenarios/scenario.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Source {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

function tracked(pattern: RegExp): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n');
  return files.filter((file) => pattern.test(file) && existsSync(join(ROOT, file)));
}

function read(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, lines: text.split('\n') };
}

/** Lines that cannot be broken: with an address, an import, a pattern, or a template; a comment's
 * backticks are none. */
const UNBREAKABLE = /https?:\/\/|^import |\/u[;,]?$|^(?! *(?:\/\/|\/?\*)).*`/;

const sources = tracked(/^src\/.*\.tsx?$/).map(read);
const tests = tracked(/^test\/.*\.tsx?$/).map(read);
/** `## Open, so far` → `open-so-far`, as Markdown on the web has it. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

const layerOf = (path: string): string => path.split('/')[1] ?? '';

/** Modules that a file imports, also as types or late. */
function imports({ text }: Source): string[] {
  const found = text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'([^']+)'/g);
  return [...found].map((match) => match[1]!);
}

/** The files of the project that a file imports, from the root. */
function projectImports(source: Source): string[] {
  return imports(source)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(ROOT, resolve(ROOT, dirname(source.path), name)));
}

/** What the package starts with, and what it offers. */
const ENTRIES: ReadonlySet<string> = new Set([
  'src/cli/main.ts',
  'src/cli/serving.ts',
  'src/client/client.ts',
]);

/** Who may import whom (docs/decisions.md has the reason for cluster → node). */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  persistence: ['core'],
  node: ['core', 'persistence'],
  client: ['core'],
  cluster: ['core', 'client', 'node'],
  check: ['core'],
  sim: ['core', 'persistence', 'check'],
  scenarios: ['core', 'client', 'check', 'cluster'],
  chaos: ['core', 'client', 'check', 'cluster'],
  bench: ['core', 'client', 'cluster'],
  dashboard: ['core', 'client'],
  cli: [
    'core',
    'persistence',
    'node',
    'client',
    'cluster',
    'check',
    'sim',
    'scenarios',
    'chaos',
    'bench',
    'dashboard',
  ],
};

describe('who imports whom', () => {
  test.each(Object.entries(ALLOWED))('%s imports only what it may', (layer, allowed) => {
    const wrong = sources
      .filter(({ path }) => layerOf(path) === layer)
      .flatMap((source) =>
        projectImports(source)
          .filter((target) => layerOf(target) !== layer && !allowed.includes(layerOf(target)))
          .map((target) => `${source.path} imports ${target}: move the code, or pass it in`),
      );
    expect(wrong).toEqual([]);
  });

  test('every folder of src is in the table', () => {
    const layers = new Set(sources.map(({ path }) => layerOf(path)));
    expect([...layers].filter((layer) => !(layer in ALLOWED))).toEqual([]);
  });

  test('the client takes nothing but types from the core', () => {
    const wrong = sources
      .filter(({ path }) => layerOf(path) === 'client')
      .flatMap(({ path, text }) =>
        [...text.matchAll(/^import (?!type).*from '\.\.\/core\/.*$/gm)].map(
          ([line]) => `${path}: ${line}: use \`import type\``,
        ),
      );
    expect(wrong).toEqual([]);
  });

  test('the launcher asks its nodes by node:http: fetch takes it a tenth of its start', () => {
    const users = sources.filter(
      ({ path, text }) => layerOf(path) === 'cluster' && /\bfetch\(/.test(text),
    );
    expect(users.map(({ path }) => path)).toEqual([]);
  });

  test('requests are taken by one kind of server: its limits hold for all that serve', () => {
    const servers = sources.filter(
      ({ text }) => /\bcreateServer\b/.test(text) && /from 'node:https?2?'/.test(text),
    );
    expect(servers.map(({ path }) => path)).toEqual(['src/node/http/server.ts']);
  });

  test('the command line loads what is heavy only when it is used', () => {
    const heavy = /^(?:hono|@hono|pino|undici|prom-client|ky|zod|ink|react)/;
    const eager = (source: Source): string[] =>
      [...source.text.matchAll(/^import (?!type)[^;]*from '([^']+)';/gms)].map((m) => m[1]!);
    const seen = new Set<string>();
    const wrong: string[] = [];
    const visit = (path: string, via: string): void => {
      if (seen.has(path) || !existsSync(join(ROOT, path))) return;
      seen.add(path);
      for (const name of eager(read(path))) {
        if (heavy.test(name))
          wrong.push(`${via} → ${path} loads ${name}: import() it in the action`);
        if (!name.startsWith('.')) continue;
        visit(relative(ROOT, resolve(ROOT, dirname(path), name)), `${via} → ${basename(path)}`);
      }
    };
    visit('src/cli/main.ts', 'main');
    visit('src/cli/serving.ts', 'serving');
    expect(wrong).toEqual([]);
  });
});

describe('the core is pure', () => {
  const IMPURE: readonly [RegExp, string][] = [
    [/\bDate\b/, 'time comes in as `now`, the wall clock as `at`'],
    [/\bset(?:Timeout|Interval|Immediate)\b/, 'say when in `deadline()`'],
    [/\bperformance\b/, 'time comes in as `now`'],
    [/\bMath\.random\b/, 'use the `random` of the context'],
    [/\bprocess\./, 'pass it in at construction'],
    [/\bconsole\b/, 'emit a Note'],
    [/\bBuffer\b/, 'bytes are the host’s'],
    [/\b(?:async|await|Promise)\b/, 'answer with an effect'],
  ];

  test.each(IMPURE)('no %s', (pattern, instead) => {
    const wrong = sources
      .filter(({ path }) => layerOf(path) === 'core')
      .flatMap(({ path, lines }) =>
        lines
          .map((line, i) => ({ code: line.replace(/\/\/.*|^\s*\*.*|\/\*\*.*/, ''), at: i + 1 }))
          .filter(({ code }) => pattern.test(code))
          .map(({ at }) => `${path}:${at}: ${instead}`),
      );
    expect(wrong).toEqual([]);
  });

  test('it imports nothing from outside itself', () => {
    const wrong = sources
      .filter(({ path }) => layerOf(path) === 'core')
      .flatMap((source) => {
        const packages = imports(source).filter((name) => !name.startsWith('.'));
        const others = projectImports(source).filter((path) => layerOf(path) !== 'core');
        return [...packages, ...others].map((name) => `${source.path} imports ${name}: pass it in`);
      });
    expect(wrong).toEqual([]);
  });
});

describe('small on purpose', () => {
  test('no file is above 400 lines, nine in ten are at most 300', () => {
    const long = sources.filter(({ lines }) => lines.length > 400).map(({ path }) => path);
    expect(long, 'find the second noun in it, and give that a file').toEqual([]);
    const small = sources.filter(({ lines }) => lines.length <= 300).length;
    expect(small / sources.length).toBeGreaterThanOrEqual(0.9);
  });

  test('no function is above 70 lines', () => {
    const wrong = sources.flatMap(({ path, lines }) =>
      longFunctions(lines).map((at) => `${path}:${at}`),
    );
    expect(wrong, 'take a step out of it and give it a name').toEqual([]);
  });

  test('no line is above 100 columns', () => {
    const wrong = [...sources, ...tests].flatMap(({ path, lines }) =>
      lines
        .map((line, i) => ({ line, at: i + 1 }))
        .filter(({ line }) => [...line].length > 100 && !UNBREAKABLE.test(line))
        .map(({ at }) => `${path}:${at}`),
    );
    expect(wrong, 'break it').toEqual([]);
  });
});

test('hooks stand in test files, or in functions that these call', () => {
  // A module is loaded once for many test files: its hooks would be those of the first one alone.
  const wrong = tests
    .filter(({ path }) => !/\.test\.tsx?$/.test(path))
    .flatMap(({ path, lines }) =>
      lines.filter((line) => /^(?:before|after)(?:Each|All)\(/.test(line)).map(() => path),
    );
  expect(wrong, 'put it into a function, or use onTestFinished').toEqual([]);
});

/** Lines on which the body of a function begins: also after a signature of several lines. */
const BODIES: readonly RegExp[] = [
  /^(\s*)\).*\{$/,
  /^(\s*).*\bfunction\b.*\{$/,
  /^(\s*).*=> \{$/,
  /^(\s*)(?:(?:private|static|override|get|async) )*#?[\w$]+(?:<.*>)?\(.*\).*\{$/,
];

/** Where functions and methods begin that are too long, judged by the indent of their end. */
function longFunctions(lines: readonly string[]): number[] {
  const notFunctions = /^\s*(?:if|for|while|switch|catch|return|super)\b/;
  const long: number[] = [];
  for (const [i, line] of lines.entries()) {
    const match = BODIES.map((body) => body.exec(line)).find((found) => found !== null);
    if (match === undefined || match === null || notFunctions.test(line)) continue;
    const end = lines.findIndex((later, j) => j > i && later.startsWith(`${match[1]}}`));
    if (end - i > 70) long.push(i + 1);
  }
  return long;
}

describe('names and files', () => {
  test('files are nouns in kebab-case, and none is a drawer for everything', () => {
    const wrong = [...sources, ...tests]
      .map(({ path }) => path)
      .filter((path) => {
        const name = basename(path).replace(/(?:\.(?:test|suite|d))?\.tsx?$/, '');
        return (
          !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) ||
          /^(?:utils?|helpers?|common|shared|types|misc|index)$/.test(name)
        );
      });
    expect(wrong, 'name it after the one thing that is in it').toEqual([]);
  });

  test('no file only passes on what others export', () => {
    const wrong = sources
      .filter(({ path }) => !ENTRIES.has(path))
      .filter(({ text }) => /^export (?:\*|\{[^}]*\}) from/m.test(text))
      .map(({ path }) => path);
    expect(wrong, 'import from the file that has it').toEqual([]);
  });

  test('every file is used', () => {
    const used = new Set(sources.flatMap(projectImports));
    const dead = sources
      .map(({ path }) => path)
      .filter((path) => !used.has(path) && !ENTRIES.has(path) && !path.endsWith('.d.ts'));
    expect(dead, 'delete it').toEqual([]);
  });

  test('every file opens with a comment that says what it is', () => {
    const wrong = sources.filter(({ text }) => !text.startsWith('//')).map(({ path }) => path);
    expect(wrong, 'say in a sentence what it is, and the rule it keeps').toEqual([]);
  });
});

describe('documents', () => {
  const documents = tracked(/\.md$/).map(read);

  test('every path that a document names exists', () => {
    const wrong = documents.flatMap(({ path, text }) => {
      const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((m) => m[1]!);
      const names = [...text.matchAll(/`((?:src|test|docs|bin)\/[\w./-]*)`/g)].map((m) => m[1]!);
      const missing = [
        ...links.filter((link) => !existsSync(resolve(ROOT, dirname(path), link))),
        ...names.filter((name) => !existsSync(join(ROOT, name))),
      ];
      return missing.map((name) => `${path} names ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  test('every file that a document names without its folder, or from its own one, exists', () => {
    const names = new Set(tracked(/\.tsx?$/).map((path) => basename(path)));
    const wrong = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/`([\w./-]+\.tsx?)`/g)]
        .map((match) => match[1]!)
        .filter((name) =>
          name.includes('/')
            ? ![ROOT, join(ROOT, dirname(path))].some((from) => existsSync(join(from, name)))
            : !names.has(name),
        )
        .map((name) => `${path} names ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('every heading that a document leads to exists', () => {
    const links = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#:]*)#([^)]+)\)/g)].map(([, to, anchor]) => ({
        anchor: anchor!,
        named: to === '' ? path : relative(ROOT, resolve(ROOT, dirname(path), to!)),
      })),
    );
    expect(links.length).toBeGreaterThan(0);
    const wrong = links.filter(({ named, anchor }) => {
      const headings = read(named).text.match(/^#+ .*$/gm) ?? [];
      return !headings.some((heading) => anchorOf(heading) === anchor);
    });
    expect(wrong).toEqual([]);
  });

  test('every guarantee is the name of a test', () => {
    const promised = [...read('docs/guarantees.md').text.matchAll(/\*\*(G\d+)\*\*/g)];
    expect(promised.map((match) => match[1])).toEqual(
      Array.from({ length: GUARANTEES }, (_, i) => `G${i + 1}`),
    );
    const all = tests.map(({ text }) => text).join('\n');
    const untested = promised
      .map((match) => match[1]!)
      .filter(
        (name) => !new RegExp(`(?:test|it|describe)[^\\n]*\\([^\\n]*\\b${name}\\b`).test(all),
      );
    expect(untested, 'name it in the title of the test that shows it').toEqual([]);
  });

  test('every invariant of the core is the name of a test, and no test names another', () => {
    const titles = tests.filter(({ path }) => path.startsWith('test/core/'));
    const named = titles.flatMap(({ text }) =>
      [...text.matchAll(/^\s*(?:test|'C).*$/gm)].flatMap(([line]) => line.match(/\bC\d+\b/g) ?? []),
    );
    const stated = [...read('src/core/README.md').text.matchAll(/\*\*(C\d+)\*\*/g)];
    const numbers = new Set(stated.map((match) => match[1]!));
    expect(
      [...numbers].filter((name) => !named.includes(name)),
      'name it in the title of the test that would fail without it',
    ).toEqual([]);
    expect(
      named.filter((name) => !numbers.has(name)),
      'state it in src/core/README.md',
    ).toEqual([]);
  });

  test('the lock file names no registry', () => {
    expect(read('package-lock.json').text).not.toContain('"resolved"');
  });
});
