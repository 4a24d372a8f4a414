// A scenario file (YAML; docs/scenarios.md) into a Scenario. Whatever is wrong is said with file,
// line and what was expected there, all at once.

import { basename } from 'node:path';
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import * as z from 'zod';
import { lackForFailover } from '../cluster/start/failover.ts';
import { GROUPS, nodesNamed } from './node-names.ts';
import { GUARANTEES, type Scenario } from './scenario.ts';
import type { Step, Verb } from './step.ts';
import { STEP_SHAPES } from './step.ts';

/** A place in the file, and what is wrong there. */
export interface Fault {
  readonly line: number;
  readonly message: string;
}

/** The file is no scenario. */
export class InvalidScenario extends Error {
  override readonly name = 'InvalidScenario';
  readonly file: string;
  readonly faults: readonly Fault[];

  constructor(file: string, faults: readonly Fault[]) {
    super(faults.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.file = file;
    this.faults = faults;
  }
}

function isGuarantee(text: string): boolean {
  return /^G[1-9]\d?$/.test(text) && Number(text.slice(1)) <= GUARANTEES;
}

type Path = readonly (string | number)[];

const SECONDARIES_MAX = 8;

const SECONDARIES = z.custom<number>(
  (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= SECONDARIES_MAX,
  `expected a number from 0 to ${SECONDARIES_MAX}`,
);

const CLUSTER = z
  .strictObject({
    secondaries: SECONDARIES.default(2),
    storage: z
      .enum(['memory', 'durable'], { error: 'expected memory or durable' })
      .default('memory'),
    w: z
      .union([z.int().min(1), z.enum(['majority', 'all'])], {
        error: 'expected a number of nodes, majority or all',
      })
      .nullable()
      .default(null),
    failover: z.boolean({ error: 'expected true or false' }).default(false),
  })
  .default({ secondaries: 2, storage: 'memory', w: null, failover: false });

const HEAD = z.strictObject(
  {
    title: z.string({ error: 'expected a title' }),
    rule: z.strictObject(
      {
        guarantee: z.string().refine(isGuarantee, `expected a guarantee, G1 to G${GUARANTEES}`),
        text: z.string({ error: 'expected the rule in words' }),
      },
      { error: 'expected the guarantee that is shown, as {guarantee: G8, text: …}' },
    ),
    intro: z.string().default(''),
    outro: z.string().default(''),
    cluster: CLUSTER,
    steps: z
      .array(z.unknown(), { error: 'expected a list of steps' })
      .min(1, 'expected at least one step'),
  },
  { error: 'expected title, rule and steps' },
);

/** What any step may have beside its verb. */
const NARRATION: ReadonlySet<string> = new Set(['say', 'why', 'look']);

const VERBS = Object.keys(STEP_SHAPES) as readonly Verb[];

/** Parses the text of a file. Throws InvalidScenario. */
export function parseScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const exhausted = document.errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
    // Behind it only brackets are missing whose ends were not reached.
    const told = exhausted === undefined ? document.errors : [exhausted];
    const faults = told.map((error) => ({
      line: lines.linePos(error.pos[0]).line,
      message: messageOf(error),
    }));
    throw new InvalidScenario(file, faults);
  }
  refuseLostNames(document, lines, file);
  return new ScenarioReader(document, lines, file).read();
}

/** Without the place, and without what only programs can do about it. */
function messageOf({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'expected one scenario, and here a second document begins';
  if (code === 'RESOURCE_EXHAUSTION') return 'what is here is nested too deeply';
  return message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
}

/** A field of this name does not survive in a plain object: it would not be looked at. */
const LOST_NAME = '__proto__';

function refuseLostNames(document: Document, lines: LineCounter, file: string): void {
  const faults: Fault[] = [];
  visit(document, {
    Pair: (_, { key }: Pair) => {
      if (!isScalar(key) || key.value !== LOST_NAME) return;
      const line = lines.linePos(key.range?.[0] ?? 0).line;
      faults.push({ line, message: `${LOST_NAME} cannot stand here: take another name` });
    },
  });
  if (faults.length > 0) throw new InvalidScenario(file, faults);
}

/** The file's content. A few aliases of aliases stand for more than any memory holds. */
function contentOf(document: Document, lines: LineCounter, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const offsets: number[] = [];
    visit(document, { Alias: (_, { range }) => void offsets.push(range?.[0] ?? 0) });
    const { line } = lines.linePos(Math.min(...offsets));
    const message = 'aliases from here on (*name) stand for too much: write it out';
    throw new InvalidScenario(file, [{ line, message }]);
  }
}

class ScenarioReader {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #file: string;
  readonly #faults: Fault[] = [];
  readonly #open = new Set<string>();
  /** The nodes that there have been so far. */
  readonly #nodes = new Set<string>();

  constructor(document: Document, lines: LineCounter, file: string) {
    this.#document = document;
    this.#lines = lines;
    this.#file = file;
  }

  read(): Scenario {
    const whole = contentOf(this.#document, this.#lines, this.#file);
    const head = this.#parse(HEAD, whole, []);
    // Mistakes in the head are no reason to keep those in the steps for the next time.
    const { steps: list, cluster: size } = (whole ?? {}) as { steps?: unknown; cluster?: unknown };
    const last = (CLUSTER.safeParse(size).data?.secondaries ?? SECONDARIES_MAX) + 1;
    for (let number = 1; number <= last; number += 1) this.#nodes.add(`n${number}`);
    const steps = (Array.isArray(list) ? list : []).map((step, i) =>
      this.#step(step, ['steps', i]),
    );
    this.#checkSize(head?.cluster);
    for (const name of this.#open) this.#blame(['steps'], `nobody awaits the answer "${name}"`);
    if (head === null || this.#faults.length > 0) {
      throw new InvalidScenario(this.#file, this.#faults);
    }
    const { w, ...cluster } = head.cluster;
    return {
      name: basename(this.#file).replace(/\.ya?ml$/, ''),
      file: this.#file,
      title: head.title,
      rule: head.rule,
      intro: head.intro.trim(),
      outro: head.outro.trim(),
      cluster: { ...cluster, w: w === null ? null : String(w) },
      steps: steps.filter((step) => step !== null),
      lineOf: (path) => this.#lineOf(path),
    };
  }

  /** A node that is started with such a `w` refuses it, and a launcher such a failover. */
  #checkSize(cluster: z.infer<typeof CLUSTER> | undefined): void {
    const size = (cluster?.secondaries ?? 0) + 1;
    const lack = cluster?.failover === true ? lackForFailover(size) : null;
    if (lack !== null) this.#blame(['cluster', 'failover'], lack);
    if (typeof cluster?.w !== 'number' || cluster.w <= size) return;
    const nodes = size === 1 ? '1 node' : `${size} nodes`;
    this.#blame(['cluster', 'w'], `w is ${cluster.w}, but the cluster has only ${nodes}`);
  }

  #step(value: unknown, path: Path): Step | null {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#blame(path, `expected a step, such as append: hello (verbs: ${VERBS.join(' ')})`);
      return null;
    }
    const [verb, second] = VERBS.filter((name) => name in value);
    if (verb === undefined) {
      const first = Object.keys(value).find((name) => !NARRATION.has(name));
      const what = first === undefined ? 'expected a verb in this step' : `"${first}" is no verb`;
      const at = first === undefined ? path : [...path, first];
      this.#blame(at, `${what}; there are: ${VERBS.join(' ')}`);
      return null;
    }
    if (second !== undefined) {
      this.#blame([...path, second], `expected one verb in a step, found ${verb} and ${second}`);
      return null;
    }
    this.#checkNodes(verb, value as Readonly<Record<string, unknown>>, path);
    const parsed = this.#parse(STEP_SHAPES[verb] as z.ZodType<object>, value, path);
    if (parsed === null) return null;
    this.#checkNames(verb, parsed, path);
    return { ...parsed, verb, path } as Step;
  }

  /** An answer is named once, and only then awaited. */
  #checkNames(verb: Verb, step: object, path: Path): void {
    const { as, answer, pending } = step as { as?: string; answer?: unknown; pending?: unknown };
    if (as !== undefined) {
      if (this.#open.has(as)) this.#blame([...path, 'as'], `"${as}" is taken by an earlier answer`);
      this.#open.add(as);
    }
    for (const name of [answer ?? pending ?? []].flat() as string[]) {
      if (!this.#open.has(name)) this.#blame([...path, verb], `no step above is "as: ${name}"`);
      if (verb === 'answer') this.#open.delete(name);
    }
  }

  /** Every node is one of the cluster, or was added by a step above. */
  #checkNodes(verb: Verb, step: Readonly<Record<string, unknown>>, path: Path): void {
    if (verb === 'add' && typeof step.add === 'string') {
      if (this.#nodes.has(step.add)) this.#blame([...path, 'add'], `${step.add} is there already`);
      this.#nodes.add(step.add);
    }
    for (const { node, at } of nodesNamed(verb, step)) {
      if (this.#nodes.has(node) || GROUPS.has(node)) continue;
      const there = [...this.#nodes].join(' ');
      this.#blame([...path, ...at], `there is no node "${node}" here, only ${there}`);
    }
  }

  #parse<Value>(shape: z.ZodType<Value>, value: unknown, path: Path): Value | null {
    const result = shape.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const at = [...path, ...(issue.path as Path)];
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) this.#blame([...at, key], `"${key}" has no place here`);
      } else {
        this.#blame(at, `${placeText(issue.path as Path)}${issue.message}`);
      }
    }
    return null;
  }

  #blame(path: Path, message: string): void {
    this.#faults.push({ line: this.#lineOf(path), message });
  }

  #lineOf(path: Path): number {
    for (let length = path.length; length > 0; length -= 1) {
      const offset = offsetOf(this.#document, path.slice(0, length));
      if (offset !== null) return this.#lines.linePos(offset).line;
    }
    return 1;
  }
}

function placeText(path: Path): string {
  return path.length === 0 ? '' : `${path.join('.')}: `;
}

/** Where the key of a place begins, or the place itself in a list. */
function offsetOf(document: Document, path: Path): number | null {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1)!;
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === last);
    if (pair === undefined || !isPair(pair) || !isScalar(pair.key)) return null;
    return pair.key.range?.[0] ?? null;
  }
  const value = document.getIn(path, true) as { range?: readonly number[] } | undefined;
  return value?.range?.[0] ?? null;
}
