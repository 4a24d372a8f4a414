// Three nodes with disks, and an arbiter beside them: the master leaves, is taken out, or is taken
// out while it stands still, and another node is master.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../../src/chaos/chance.ts';
import type { MemberHealth } from '../group.ts';
import { type Answer, type Belongings, call, freePorts, type Program, until } from '../program.ts';
import type { Places } from './page-reader.ts';
import type { Witness } from './witness.ts';

const MOVES = ['leaves', 'is killed and taken out', 'is paused and taken out'] as const;

/** How long a new master is read, and one that does not know yet that it is none, in ms. */
const LASTS = { min: 100, max: 400 };

interface Place {
  readonly port: number;
  readonly folder: string;
}

export class MovingOffice implements Places {
  readonly places = [1, 2, 3] as const;
  /** What was done so far. */
  readonly done: string[] = [];
  readonly #belongings: Belongings;
  readonly #chance: Chance;
  readonly #witness: Witness;
  readonly #port: number;
  readonly #folder: string;
  readonly #programs = new Map<number, Program>();
  readonly #lives = [0, 0, 0, 0];
  #master = 1;

  private constructor(belongings: Belongings, chance: Chance, witness: Witness, place: Place) {
    this.#belongings = belongings;
    this.#chance = chance;
    this.#witness = witness;
    this.#port = place.port;
    this.#folder = place.folder;
  }

  /** n1 is master, and everybody follows it. */
  static async start(
    belongings: Belongings,
    chance: Chance,
    witness: Witness,
  ): Promise<MovingOffice> {
    const folder = await belongings.folder();
    const port = await freePorts(4);
    const office = new MovingOffice(belongings, chance, witness, { port, folder });
    const dataDir = join(folder, 'arbiter');
    const place = ['--port', `${office.#port}`, '--data-dir', dataDir];
    const arbiter = ['arbiter', '--secondaries', '2', '--json', ...place];
    await belongings.program(arbiter).event('listening');
    await office.#begin(1);
    const first = (): Promise<Answer> => office.#health(1);
    await until(first, ({ body }) => body.role === 'master', 'n1 is master');
    for (const other of [2, 3]) await office.#begin(other);
    await office.caughtUp();
    return office;
  }

  url(place: number): string {
    return `http://127.0.0.1:${this.#port + place}`;
  }

  /** Odd while its process starts or ends. */
  life(place: number): number {
    return this.#lives[place]!;
  }

  /** The office moves, and who had it comes back and follows. */
  async move(): Promise<void> {
    const former = this.#master;
    const how = this.#chance.pick(MOVES);
    const others = this.places.filter((place) => place !== former);
    const next = this.#chance.pick(others);
    this.done.push(`n${former} ${how}`);
    // What only the other two have is acknowledged: who is master next has to hear of it.
    await call('PUT', `${this.url(next)}/faults`, { dropRequest: 1, heartbeat: true });
    await this.#while();
    if (how === 'leaves') await this.#end(former, 'SIGTERM');
    else if (how === 'is killed and taken out') await this.#end(former, 'SIGKILL');
    else await this.#standStill(former);
    if (how !== 'leaves') await this.#takeOut(former);
    // Whoever asks first is appointed, and a process that starts asks at once.
    await this.#end(next, 'SIGKILL');
    await this.#begin(next);
    await this.#inOffice(others);
    await this.#while();
    if (how === 'is paused and taken out') this.#programs.get(former)!.child.kill('SIGCONT');
    else await this.#begin(former);
    await this.#while();
    await this.caughtUp();
  }

  /** Waits until all nodes have everything. Returns the last index. */
  async caughtUp(): Promise<number> {
    const { body } = await until(
      () => this.#health(this.#master),
      ({ body: { lastIndex, members } }) =>
        members?.length === this.places.length &&
        members.every((m: MemberHealth) => m.status === 'Healthy' && m.ackedIndex === lastIndex),
      'every node has everything',
    );
    return body.lastIndex;
  }

  /** Waits until one of these takes writes as master. */
  async #inOffice(places: readonly number[]): Promise<void> {
    const look = () => Promise.all(places.map((place) => this.#health(place)));
    const leads = ({ body }: Answer): boolean =>
      body.role === 'master' && body.mode === 'read-write';
    const all = await until(look, (found) => found.some(leads), 'there is a new master');
    this.#master = places[all.findIndex(leads)]!;
  }

  #health(place: number): Promise<Answer> {
    return call('GET', `${this.url(place)}/health`);
  }

  async #takeOut(place: number): Promise<void> {
    const arbiter = `http://127.0.0.1:${this.#port}/arbiter/leave`;
    const { status } = await call('POST', arbiter, { node: `n${place}` });
    if (status !== 200) throw new Error(`n${place} was not taken out: ${status}`);
  }

  async #standStill(place: number): Promise<void> {
    const { body } = await this.#health(place);
    this.#witness.overrule(body.node, this.life(place), body.epoch);
    this.#programs.get(place)!.child.kill('SIGSTOP');
  }

  async #end(place: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#lives[place]! += 1;
    await this.#programs.get(place)!.kill(signal);
  }

  async #begin(place: number): Promise<void> {
    if (this.#lives[place]! % 2 === 0) this.#lives[place]! += 1;
    const program = this.#belongings.program([
      ...['node', '--join', `http://127.0.0.1:${this.#port}`, '--leave', '--faults', '--json'],
      ...['--id', `n${place}`, '--port', `${this.#port + place}`],
      ...['--data-dir', join(this.#folder, `n${place}`)],
    ]);
    this.#programs.set(place, program);
    await program.event('listening');
    this.#lives[place]! += 1;
  }

  #while(): Promise<void> {
    return sleep(this.#chance.between(LASTS.min, LASTS.max));
  }
}
