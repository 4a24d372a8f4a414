// A cluster of single nodes, each a process of its own: n1, the master, which is its own arbiter,
// and the secondaries that join it. Any of them can be ended, paused and started again where it
// was.

import { join } from 'node:path';
import {
  type Answer,
  type Belongings,
  call,
  freePorts,
  type Line,
  type Program,
  until,
} from './program.ts';

export interface GroupOptions {
  /** Configured size, the master counted. Default 3. */
  readonly size?: number;
  /** Data in folders instead of memory. Default false. */
  readonly durable?: boolean;
  /** Added to the environment of each node. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What a master says of a member in `/health`. */
export interface MemberHealth {
  readonly node: string;
  readonly status: 'Healthy' | 'Suspected' | 'Unhealthy';
  readonly lastHeartbeatMs: number | null;
  readonly ackedIndex: number | null;
  readonly lagEntries: number;
  readonly lastError: string | null;
}

export class Group {
  readonly size: number;
  private readonly belongings: Belongings;
  private readonly port: number;
  /** null: in memory. */
  private readonly folder: string | null;
  private readonly env: NodeJS.ProcessEnv;
  private readonly programs = new Map<number, Program>();

  private constructor(
    belongings: Belongings,
    { size = 3, env = {} }: GroupOptions,
    port: number,
    folder: string | null,
  ) {
    this.belongings = belongings;
    this.size = size;
    this.env = env;
    this.port = port;
    this.folder = folder;
  }

  /** A group of which nothing runs yet. */
  static async prepare(belongings: Belongings, options: GroupOptions = {}): Promise<Group> {
    const { size = 3, durable = false } = options;
    const folder = durable ? await belongings.folder() : null;
    return new Group(belongings, options, await freePorts(size), folder);
  }

  /** A group of which every node runs and has acknowledged the master. */
  static async start(belongings: Belongings, options: GroupOptions = {}): Promise<Group> {
    const group = await Group.prepare(belongings, options);
    await Promise.all(group.places.map((place) => group.start(place)));
    await group.caughtUp();
    return group;
  }

  /** 1 is n1, the master. */
  get places(): number[] {
    return Array.from({ length: this.size }, (_, i) => i + 1);
  }

  get urls(): string[] {
    return this.places.map((place) => this.url(place));
  }

  get master(): string {
    return this.url(1);
  }

  url(place: number): string {
    return `http://127.0.0.1:${this.port + place - 1}`;
  }

  /** Data folder of the node at this place; the group must be durable. */
  folderOf(place: number): string {
    return join(this.folder!, `n${place}`);
  }

  /** The process that runs, or ran last, at this place. */
  program(place: number): Program {
    return this.programs.get(place)!;
  }

  /** The command line that starts the node at this place. */
  args(place: number): string[] {
    return [
      ...(place === 1
        ? ['master', '--secondaries', `${this.size - 1}`]
        : ['secondary', '--join', this.master]),
      ...['--id', `n${place}`, '--port', `${this.port + place - 1}`, '--faults', '--json'],
      ...(this.folder === null ? ['--memory'] : ['--data-dir', this.folderOf(place)]),
    ];
  }

  /** Starts the node there (again); resolves when it listens. */
  async start(place: number): Promise<Program> {
    const program = this.belongings.program(this.args(place), this.env);
    this.programs.set(place, program);
    await program.event('listening');
    return program;
  }

  async end(place: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.program(place).kill(signal);
  }

  pause(place: number): void {
    this.program(place).child.kill('SIGSTOP');
  }

  resume(place: number): void {
    this.program(place).child.kill('SIGCONT');
  }

  /** Appends at the master. */
  append(
    message: string,
    w: number | string,
    more: {
      readonly timeoutMs?: number;
      readonly key?: string;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Answer> {
    const { timeoutMs, key, signal } = more;
    const body = { message, w, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    const headers = key === undefined ? undefined : { 'idempotency-key': key };
    return call('POST', `${this.master}/messages`, body, headers, signal);
  }

  async breaks(place: number, faults: unknown): Promise<void> {
    const { status } = await call('PUT', `${this.url(place)}/faults`, faults);
    if (status !== 200) throw new Error(`the faults of n${place} were answered with ${status}`);
  }

  async heals(place: number): Promise<void> {
    await call('DELETE', `${this.url(place)}/faults`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever members an answer has.
  async health(place = 1): Promise<any> {
    return (await call('GET', `${this.url(place)}/health`)).body;
  }

  /** What the master says of the node there; undefined while it is no member. */
  async member(place: number): Promise<MemberHealth | undefined> {
    const { members } = await this.health();
    return members?.find(({ node }: MemberHealth) => node === `n${place}`);
  }

  /** Waits until all nodes are Healthy members that have everything. Returns the last index. */
  async caughtUp(timeoutMs = 30_000): Promise<number> {
    const { lastIndex } = await until(
      () => this.health(),
      ({ lastIndex: last, members }) =>
        // A master that has no role yet tells of no members.
        members?.length === this.size &&
        members.every((m: MemberHealth) => m.status === 'Healthy' && m.ackedIndex === last),
      'every node has everything',
      timeoutMs,
    );
    return lastIndex;
  }

  /** Resolves when the master says that the node there takes this status, from now on. */
  status(place: number, to: MemberHealth['status']): Promise<Line> {
    const master = this.program(1);
    const before = master.lines.length;
    const fits = (line: Line): boolean =>
      line.event === 'status' &&
      line.node === `n${place}` &&
      line.to === to &&
      master.lines.indexOf(line) >= before;
    return master.line(fits, `n${place} is ${to}`);
  }
}
