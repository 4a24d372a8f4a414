// A hand that starts, ends, freezes, moves and mistakes single nodes and their arbiter, in an order
// that a seed gives. There are two clusters on this machine: one of three nodes, and a neighbour of
// one node, at whose arbiter nodes are pointed by mistake.

import { join } from 'node:path';
import { Chance } from '../../../src/chaos/chance.ts';
import { type Belongings, call, freePorts, messages, until } from '../program.ts';
import { type Place, Single } from './single.ts';

/** Where the roles of the three nodes come from. */
export type Arbitration = 'own' | 'disk' | 'memory';

const SIZE = 3;

/** How long somebody who may be frozen is waited for. */
const ASK_MS = 1_000;

/** What the neighbour holds. */
export const OF_NEIGHBOUR = 'of the neighbour';

export class Hand {
  /** What was done. */
  readonly done: string[] = [];
  readonly arbitration: Arbitration;
  readonly nodes: Single[] = [];
  readonly neighbour: Single;
  /** null: the first node is its own. */
  readonly arbiter: Single | null;
  readonly #chance: Chance;
  readonly #home: string;
  #lastName = SIZE;
  /** The arbiter has lost its memory, and knows nobody until the nodes are started again. */
  #forgot = false;

  private constructor(seed: number, belongings: Belongings, home: string, port: number) {
    this.#chance = new Chance(seed);
    this.#home = home;
    const single = (place: Partial<Place> & Pick<Place, 'command' | 'id' | 'port'>): Single => {
      const folder = place.id === null ? null : this.#folder(place.id);
      const rest = { folder, join: null, advertise: null, size: null };
      return new Single({ ...rest, ...place }, belongings, join(home, 'run'));
    };
    this.arbitration = this.#chance.pick(['own', 'disk', 'memory'] as const);
    const own = this.arbitration === 'own';
    const kept = this.arbitration === 'disk' ? this.#folder('arbiter') : null;
    const byName = !own && this.#chance.happens(0.5);
    this.arbiter = own
      ? null
      : single({ command: 'arbiter', id: null, port, folder: kept, size: SIZE });
    for (let i = 1; i <= SIZE; i += 1) {
      const named = i === 1 ? 'master' : 'secondary';
      this.nodes.push(
        single({
          command: byName ? 'node' : named,
          id: `n${i}`,
          port: port + i,
          join: own && i === 1 ? null : `http://127.0.0.1:${own ? port + 1 : port}`,
          size: own && i === 1 ? SIZE : null,
        }),
      );
    }
    this.neighbour = single({
      command: 'master',
      id: 'n1',
      port: port + SIZE + 1,
      folder: this.#folder('neighbour'),
    });
  }

  /** Both clusters, each of them ready. */
  static async start(seed: number, belongings: Belongings): Promise<Hand> {
    const port = await freePorts(SIZE + 2);
    const hand = new Hand(seed, belongings, await belongings.folder(), port);
    hand.done.push(`roles: ${hand.arbitration}, ${hand.nodes[0]!.place.command}`);
    await Promise.all([hand.neighbour, hand.arbiter].map((one) => one?.start()));
    for (const node of hand.nodes) await node.start();
    await hand.caughtUp();
    const kept = { message: OF_NEIGHBOUR, timeoutMs: 10_000 };
    const { status } = await call('POST', `${hand.neighbour.url}/messages`, kept);
    if (status !== 201) throw new Error(`the neighbour answered ${status}`);
    return hand;
  }

  get all(): Single[] {
    return [...(this.arbiter === null ? [] : [this.arbiter]), ...this.nodes, this.neighbour];
  }

  /** The one that takes writes; rejects if there is none. */
  async master(): Promise<Single> {
    for (const node of this.nodes.filter(({ state }) => state === 'up')) {
      const health = await this.#health(node).catch(() => null);
      if (health?.role === 'master') return node;
    }
    throw new Error('nobody is master');
  }

  /** Resolves when the three are Healthy members that have everything. */
  async caughtUp(): Promise<void> {
    await until(
      async () => await this.#health(await this.master()),
      ({ mode, members, lastIndex }) =>
        mode === 'read-write' &&
        members.length === SIZE &&
        members.every(
          (member: { status: string; ackedIndex: number | null }) =>
            member.status === 'Healthy' && (member.ackedIndex ?? -1) >= lastIndex,
        ),
      'every node is a Healthy member that has everything',
      60_000,
    );
  }

  /** What each node lists that answers. */
  async lists(): Promise<[node: string, messages: string[]][]> {
    const up = this.nodes.filter(({ state }) => state === 'up');
    const asked = up.map(async (node): Promise<[string, string[]][]> => {
      const list: string[] | undefined = await messages(node.url).catch(() => undefined);
      return list === undefined ? [] : [[`${node.place.id}`, list]];
    });
    return (await Promise.all(asked)).flat();
  }

  async step(): Promise<void> {
    const kind = this.#chance.weighted<keyof typeof this.steps>([
      ['toggle', 4],
      ['again', 4],
      ['freeze', 2],
      ['moved', 3],
      ['advertised', 1],
      ['strayed', 2],
      ['neighbourStrayed', 1],
      ['twice', 1],
      ['namesake', 2],
      ['arbiterOver', 1],
      ['alone', 2],
      ['renamed', 2],
      ['emptied', 2],
    ]);
    this.done.push(kind);
    await this.steps[kind]();
  }

  /** Brings everything back, as whoever did all this would. */
  async heal(): Promise<void> {
    for (const single of this.all) await this.#up(single);
    if (this.#forgot) {
      for (const node of this.nodes) await this.#end(node);
      this.#forgot = false;
      for (const node of this.nodes) await this.#up(node);
    }
    await this.caughtUp();
  }

  private readonly steps = {
    /** Ends one, or brings it back. */
    toggle: async () => {
      const single = this.#chance.pick(this.all);
      if (single.state === 'up') await this.#end(single);
      else await this.#up(single);
    },

    again: async () => {
      const single = this.#chance.pick(this.all);
      await this.#end(single);
      await this.#up(single);
    },

    freeze: async () => {
      const single = this.#chance.pick(this.all);
      if (single.state !== 'up') return;
      this.#tell(single, 'frozen');
      single.pause();
    },

    /** To another port, with its folder. */
    moved: async () => {
      const single = this.#chance.pick(this.nodes);
      await this.#end(single);
      await this.#up(single, { port: await freePorts(1) });
    },

    /** To another name of the same place. */
    advertised: async () => {
      const single = this.#chance.pick(this.nodes);
      await this.#end(single);
      await this.#up(single, { advertise: `http://localhost:${single.place.port}` });
    },

    /** One of the three, at the neighbour's arbiter. */
    strayed: async () => {
      const single = this.#chance.pick(this.nodes);
      await this.#up(this.neighbour);
      await this.#end(single);
      await this.#refused(single, { join: this.neighbour.url, size: null }, 'wrong-cluster');
      await this.#up(single);
    },

    /** The neighbour, at the arbiter of the three. */
    neighbourStrayed: async () => {
      await this.heal();
      await this.#end(this.neighbour);
      const wrong = { command: 'secondary', join: this.#joined.url } as const;
      await this.#refused(this.neighbour, wrong, 'wrong-cluster');
      await this.#up(this.neighbour);
    },

    /** Two processes over one folder, or at one port. */
    twice: async () => {
      const single = this.#chance.pick(this.nodes);
      if (single.state === 'down') return;
      const { folder, port } = single.place;
      const over = single.run({ port: await freePorts(1) });
      const at = single.run({ folder: null });
      await this.#says(over, 1, [`${folder}`, `${single.pid}`, 'hint: stop that process']);
      await this.#says(at, 2, [`port ${port} is taken`, 'hint: choose another --port']);
    },

    /** A second process with the name of one that lives. */
    namesake: async () => {
      const single = this.#chance.pick(this.nodes);
      if (single.place.join === null) return;
      await this.heal();
      const other = { folder: null, port: await freePorts(1) };
      await this.#refused(single, other, 'node-id-taken');
    },

    /** An arbiter that was given the folder of a node. */
    arbiterOver: async () => {
      const single = this.#chance.pick(this.nodes);
      await this.#end(single);
      const none = { id: null, join: null, advertise: null, size: null };
      const wrong = single.run({ command: 'arbiter', ...none });
      await this.#says(wrong, 2, [`${single.place.folder}`, 'hint: choose another --data-dir']);
      await this.#up(single);
    },

    /** A secondary that is started as a master of its own, which takes a write. */
    alone: async () => {
      const single = this.#chance.pick(this.nodes.slice(1));
      await this.heal();
      await this.#end(single);
      // At its own port the master in office would reach it, and have it follow.
      const port = await freePorts(1);
      const wrong = single.run({ command: 'master', join: null, size: 1, advertise: null, port });
      await wrong.event('listening');
      const body = { message: 'astray', w: 1, timeoutMs: 500 };
      await until(
        () => call('POST', `http://127.0.0.1:${port}/messages`, body),
        ({ status }) => status === 201,
        'it takes a write',
      );
      await wrong.kill('SIGKILL');
      await this.#up(single);
      await single.event('discarded');
    },

    /** Another name over the folder of one that is told to have left. */
    renamed: async () => {
      const single = this.#chance.pick(this.nodes.slice(1));
      await this.heal();
      await this.#end(single);
      const node = single.place.id;
      await call('POST', `${this.#joined.url}/arbiter/leave`, { node });
      this.#lastName += 1;
      await this.#up(single, { id: `n${this.#lastName}` });
    },

    /** Another folder under the same name. */
    emptied: async () => {
      const single = this.#chance.pick(this.nodes.slice(1));
      await this.heal();
      await this.#end(single);
      this.#lastName += 1;
      await this.#up(single, { folder: this.#folder(`${single.place.id}-${this.#lastName}`) });
    },
  };

  /** Whom the nodes join. */
  get #joined(): Single {
    return this.arbiter ?? this.nodes[0]!;
  }

  #folder(name: string): string {
    return join(this.#home, name);
  }

  #tell({ place: { command, id } }: Single, what: string): void {
    this.done.push(`  ${id ?? command} ${what}`);
  }

  async #end(single: Single): Promise<void> {
    const kill = single.state === 'paused' || this.#chance.happens(0.5);
    if (single.state === 'down') return;
    this.#tell(single, kill ? 'killed' : 'stopped');
    await (kill ? single.kill() : single.stop());
  }

  async #up(single: Single, changed: Partial<Place> = {}): Promise<void> {
    if (single.state === 'paused') single.resume();
    if (single.state === 'up') return;
    const { join: former } = single.place;
    const now = former === null ? null : this.#joined.url;
    this.#tell(single, `started ${JSON.stringify(changed)}`);
    await single.start({ join: now, ...changed });
    if (single === this.arbiter && this.arbitration === 'memory') this.#forgot = true;
  }

  /** It listens, but is let in nowhere, and says so. */
  async #refused(single: Single, changed: Partial<Place>, code: string): Promise<void> {
    const wrong = single.run(changed);
    const { code: said } = await wrong.event('refused');
    await wrong.kill('SIGKILL');
    if (said !== code) throw new Error(`refused with ${said} instead of ${code}`);
  }

  /** It ends by itself, with this code, and says this. */
  async #says(program: ReturnType<Single['run']>, code: number, texts: string[]): Promise<void> {
    const ended = await program.exited;
    const missing = texts.filter((text) => !program.stderr.includes(text));
    if (ended.code === code && missing.length === 0) return;
    throw new Error(`code ${ended.code}, without ${missing.join(', ')}: ${program.stderr}`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever members an answer has.
  async #health({ url }: Single): Promise<any> {
    const signal = AbortSignal.timeout(ASK_MS);
    return (await call('GET', `${url}/health`, undefined, {}, signal)).body;
  }
}
