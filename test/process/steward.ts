// A hand that does to a cluster what a seed says, by control routes, by the command line and behind
// the launcher's back, and compares what the launcher says of it with a model.

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Chance } from '../../src/chaos/chance.ts';
import {
  type Deed,
  diedIn,
  outcomesOf,
  startedAgain,
  VERBS,
  type World,
} from './launcher-model.ts';
import { type Belongings, call, isFree, until } from './program.ts';
import { RestlessCluster, type View } from './restless-cluster.ts';

/** What the launcher says of processes; the rest is about what nodes think of each other. */
const TOLD = 'started stopped killed paused resumed added removed exit'.split(' ');

/** Five seconds to end, and three each to start and to settle, on a machine that is busy. */
const ANSWERED_MS = 20_000;

/** More would only take longer. */
const NODES_MAX = 4;
const PORTS = 24;

export class Steward {
  /** What was done, and what came of it. */
  readonly done: string[] = [];
  readonly #chance: Chance;
  readonly #cluster: RestlessCluster;
  #world: World;
  /** Lines of the program that were compared already. */
  #heard: number;

  private constructor(seed: number, cluster: RestlessCluster) {
    this.#chance = new Chance(seed);
    this.#cluster = cluster;
    const nodes = { n1: 'running', n2: 'running', n3: 'running' } as const;
    this.#world = { nodes, removed: [], used: Object.keys(nodes) };
    this.#heard = cluster.program.lines.length;
  }

  /** A cluster of three, on disk, that is ready. */
  static async start(seed: number, belongings: Belongings): Promise<Steward> {
    return new Steward(seed, await RestlessCluster.start(belongings, PORTS));
  }

  /** The master's, whatever becomes of its process. */
  get master(): string {
    return this.#cluster.master;
  }

  /** Does something, waits until it is answered, and compares. */
  async step(): Promise<void> {
    const kind = this.#chance.weighted([
      [() => this.#deeds(1), 4],
      [() => this.#deeds(this.#chance.between(2, 3)), 6],
      [() => this.#hindered(), 2],
      [() => this.#frozen(), 2],
      [() => this.#killed(), 2],
      [() => this.#ended(), 2],
    ]);
    await kind();
    await this.#agrees();
  }

  /** Everything runs again; resolves with the URLs of all nodes when the cluster is whole. */
  async heal(): Promise<string[]> {
    for (const [node, phase] of Object.entries(this.#world.nodes)) {
      await this.#do([{ verb: phase === 'paused' ? 'resume' : 'start', node }]);
    }
    await this.#agrees();
    return this.#cluster.whole();
  }

  /** Ends the launcher in order; whatever it leaves behind is a failure. */
  async end(signal: 'SIGINT' | 'SIGTERM' = 'SIGTERM'): Promise<void> {
    const program = this.#cluster.program;
    expect(await bounded(program.kill(signal), signal)).toEqual({ code: 0, signal: null });
    expect(program.lines.at(-1)).toEqual({ event: 'stopped' });
    expect(program.stderr).toBe('');
    expect(processesOf(this.#cluster.home)).toEqual([]);
    await this.#nothingLeft();
  }

  async #deeds(count: number): Promise<void> {
    await this.#do(Array.from({ length: count }, () => this.#deed()));
  }

  #deed(): Deed {
    const { nodes, removed } = this.#world;
    const known = [...Object.keys(nodes), ...removed];
    const node = this.#chance.pick(known);
    const kind = this.#chance.next();
    if (kind < 0.65) return { verb: this.#chance.pick(VERBS), node };
    if (kind < 0.85 || Object.keys(nodes).length >= NODES_MAX) return { verb: 'rm', node };
    return { verb: 'add', node: this.#chance.happens(0.3) ? node : null };
  }

  /** Does all of them at the same moment: what they come to is one of what they may. */
  async #do(deeds: readonly Deed[]): Promise<void> {
    const allowed = outcomesOf(this.#world, deeds);
    const byHand = deeds.map(() => this.#chance.happens(0.25));
    const statuses = await Promise.all(
      deeds.map((deed, i) => (byHand[i] ? this.#type(deed) : this.#ask(deed))),
    );
    const what = deeds.map(({ verb, node }, i) => `${verb} ${node}${byHand[i] ? ' (typed)' : ''}`);
    this.done.push(`${what.join(' | ')}: ${statuses}`);
    const view = await this.#view();
    const answered = allowed.filter((one) =>
      one.statuses.every((status, i) =>
        byHand[i] ? codesOf(status).includes(statuses[i]!) : status === statuses[i],
      ),
    );
    const seen = sketchOf(view);
    const fits = answered.filter(({ world }) => same(sketchOfWorld(world), seen));
    expect(fits.length, this.#unlike(seen, statuses, allowed)).toBeGreaterThan(0);
    const world = fits[0]!.world;
    const said = await this.#says(fits.map((one) => one.said.toSorted()));
    this.#world = {
      ...world,
      used: fits.find((one) => same(one.said.toSorted(), said))!.world.used,
    };
  }

  #unlike(seen: unknown, statuses: unknown, allowed: readonly object[]): string {
    return `${JSON.stringify({ seen, statuses })}, and may be\n${allowed.map((one) => JSON.stringify(one)).join('\n')}`;
  }

  /** Resolves when what was said since the last time is one of these, in any order. */
  async #says(allowed: readonly (readonly string[])[]): Promise<string[]> {
    const told = () =>
      this.#cluster.program.lines
        .slice(this.#heard)
        .filter(({ event }) => TOLD.includes(`${event}`))
        .map(({ event, node }) => `${event} ${node}`)
        .sort();
    const said = await until(
      async () => told(),
      (lines) => allowed.some((one) => same(one, lines)),
      `it says one of ${JSON.stringify(allowed)}`,
      5_000,
    );
    this.#heard = this.#cluster.program.lines.length;
    return said;
  }

  /** A start that something is in the way of, and then is not. */
  async #hindered(): Promise<void> {
    const node = this.#anyNode();
    await this.#do([{ verb: 'kill', node }]);
    const { url } = (await this.#view()).nodes.find((one) => one.node === node)!;
    const clear = this.#chance.happens(0.5)
      ? await holdPort(Number(new URL(url).port))
      : this.#blockFolder(node);
    this.done.push(`in the way of ${node}:`);
    await this.#do([{ verb: 'start', node, hindered: true }]);
    await clear();
    await this.#do([{ verb: 'start', node }]);
  }

  /** A file where the node's folder was: rights do not hold up every user. */
  #blockFolder(node: string): () => Promise<void> {
    const folder = join(this.#cluster.home, 'data', node);
    renameSync(folder, `${folder}.kept`);
    writeFileSync(folder, '');
    return async () => {
      rmSync(folder);
      renameSync(`${folder}.kept`, folder);
    };
  }

  /** Something is done to a node that a hand from outside has frozen: it is one that is paused. */
  async #frozen(): Promise<void> {
    const node = this.#anyNode();
    const { pid, state } = (await this.#view()).nodes.find((one) => one.node === node)!;
    this.done.push(`${node} is frozen:`);
    if (state === 'running') {
      process.kill(pid!, 'SIGSTOP');
      await this.#becomes(node, 'paused');
    }
    const verb = this.#chance.pick([...VERBS, 'rm'] as const);
    await this.#do([{ verb, node }]);
    if (state !== 'running' || verb === 'pause' || this.#world.nodes[node] !== 'paused') return;
    // Only what the launcher itself has paused is woken when that is killed.
    process.kill(pid!, 'SIGCONT');
    await this.#becomes(node, 'running');
  }

  /** By a hand from outside, which the launcher finds out by itself. */
  async #becomes(node: string, phase: 'running' | 'paused'): Promise<void> {
    const shown = async () => (await this.#view()).nodes.find((one) => one.node === node);
    await until(shown, (one) => one?.state === phase, `${node} is ${phase}`);
    this.#world = { ...this.#world, nodes: { ...this.#world.nodes, [node]: phase } };
  }

  async #killed(): Promise<void> {
    const { nodes, removed } = await this.#view();
    const alive = [...nodes, ...removed].filter(({ pid }) => pid !== null);
    if (alive.length === 0) return;
    const { node, pid } = this.#chance.pick(alive);
    this.done.push(`kill -9 ${node}`);
    process.kill(pid!, 'SIGKILL');
    const { world, said } = diedIn(this.#world, node);
    await this.#says([said]);
    this.#world = world;
  }

  /** The launcher is told to end, or killed, while it does something; and is started again. */
  async #ended(): Promise<void> {
    const deed = this.#deed();
    const signal = this.#chance.pick(['SIGTERM', 'SIGINT', 'SIGKILL'] as const);
    const afterMs = this.#chance.pick([0, 5, 20, 60, 150]);
    const asked = this.#ask(deed).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    this.done.push(`${signal} ${afterMs} ms after ${deed.verb} ${deed.node}`);
    if (signal === 'SIGKILL') {
      await this.#cluster.program.kill(signal);
      await until(
        async () => processesOf(this.#cluster.home),
        (left) => left.length === 0,
        'no node outlives its launcher',
        5_000,
      );
    } else await this.end(signal);
    this.done.push(`${deed.verb} ${deed.node} was answered ${await asked}`);
    const worlds = [this.#world, ...outcomesOf(this.#world, [deed]).map(({ world }) => world)];
    await this.#launch();
    const seen = sketchOf(await this.#view());
    const { nodes, removed } = this.#roster();
    const fits = worlds.filter((one) => same(sketchOfWorld(startedAgain(one)), seen));
    expect(fits.length, this.#unlike(seen, null, worlds)).toBeGreaterThan(0);
    this.#world = { ...startedAgain(fits[0]!), used: [...nodes, ...removed] };
  }

  #roster(): { nodes: string[]; removed: string[] } {
    return JSON.parse(readFileSync(join(this.#cluster.home, 'data', 'cluster.json'), 'utf8'));
  }

  #anyNode(): string {
    return this.#chance.pick(Object.keys(this.#world.nodes));
  }

  /** `GET /cluster`, `ps` and the processes that there are agree with the model. */
  async #agrees(): Promise<void> {
    const view = await this.#view();
    expect(sketchOf(view)).toEqual(sketchOfWorld(this.#world));
    expect(view.size).toBe(view.nodes.length);
    const roles = view.nodes.flatMap(({ node, role }) => (role === 'master' ? [node] : []));
    expect(roles).toEqual(['n1']);
    const pids = [...view.nodes, ...view.removed].flatMap(({ pid }) => pid ?? []);
    expect(processesOf(this.#cluster.home).toSorted()).toEqual(
      [this.#cluster.program.child.pid, ...pids].toSorted(),
    );
    if (!this.#chance.happens(0.3)) return;
    const ps = this.#cluster.command(['ps', '--json']);
    expect((await bounded(ps.exited, 'ps')).code).toBe(0);
    expect(sketchOf(ps.lines[0] as unknown as View)).toEqual(sketchOfWorld(this.#world));
  }

  async #nothingLeft(): Promise<void> {
    expect(readdirSync(this.#cluster.runFolder)).toEqual([]);
    const ports = Array.from({ length: PORTS }, (_, i) => this.#cluster.port + i);
    const free = await Promise.all(ports.map(isFree));
    expect(ports.filter((_, i) => !free[i])).toEqual([]);
  }

  async #launch(): Promise<void> {
    await this.#cluster.launch();
    this.#heard = this.#cluster.program.lines.length;
  }

  #view(): Promise<View> {
    return this.#cluster.view(AbortSignal.timeout(ANSWERED_MS));
  }

  /** By the control routes; the status. */
  async #ask({ verb, node }: Deed): Promise<number> {
    const [method, path] =
      verb === 'add'
        ? ['POST', '']
        : verb === 'rm'
          ? ['DELETE', `/${node}`]
          : ['POST', `/${node}/${verb}`];
    const body = verb === 'add' && node !== null ? { node } : undefined;
    const signal = AbortSignal.timeout(ANSWERED_MS);
    const url = `${this.#cluster.control}/cluster/nodes${path}`;
    return (await call(method, url, body, {}, signal)).status;
  }

  /** By the command line; the exit code. */
  async #type({ verb, node }: Deed): Promise<number> {
    const typed = this.#cluster.command([verb, ...(node === null ? [] : [node]), '--json']);
    const { code } = await bounded(typed.exited, verb);
    if (code !== 0) expect(typed.stderr).toMatch(/^replog: .+\n/);
    return code ?? -1;
  }
}

/** Exit codes for a status: a node that is not there is not even asked for. */
function codesOf(status: number): readonly number[] {
  if (status === 404) return [1, 2];
  return status < 300 ? [0] : [1];
}

/** What a model says of a cluster, as text that can be compared. */
const sketchOf = ({ nodes, removed }: View): string[] => [
  ...nodes.map(({ node, state }) => `${node} ${state}`).sort(),
  ...removed.map(({ node, role }) => `${node} ${role}`).sort(),
];

const sketchOfWorld = ({ nodes, removed }: World): string[] => [
  ...Object.entries(nodes)
    .map(([node, phase]) => `${node} ${phase}`)
    .sort(),
  ...removed.map((node) => `${node} removed`).sort(),
];

const same = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();

/** Processes of replog that work in this folder. */
function processesOf(home: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isOurs(pid, home));
}

function isOurs(pid: number, home: string): boolean {
  try {
    if (/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false;
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    return ['cluster', 'node'].includes(line[2]!) && environment.includes(home);
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

async function holdPort(port: number): Promise<() => Promise<void>> {
  // The master takes it for the node, and would keep it busy.
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function bounded<T>(work: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`${what} is not over after ${ANSWERED_MS} ms`));
    const timer = setTimeout(late, ANSWERED_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
