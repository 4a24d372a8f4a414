// Three nodes with disks to which anything happens, in an order that a seed gives: also that they
// lose what only one of them has on its disk.

import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../../src/chaos/chance.ts';
import { Group } from '../group.ts';
import { type Belongings, messages, until } from '../program.ts';

/** What keeps everything of a master from a node. */
const CUT_OFF = { dropRequest: 1, heartbeat: true };

const FAULTS = [
  { delayMs: { min: 5, max: 60 } },
  { errorAfter: 0.3 },
  { dropReply: 0.3 },
  { hold: true, heartbeat: true },
  CUT_OFF,
  { persist: { delayMs: 40 } },
];

/** How long something lasts, in milliseconds: long enough to be read, and to be missed. */
const LASTS = { min: 50, max: 500 };

export class ShakenGroup {
  /** What was done so far. */
  readonly done: string[] = [];
  readonly group: Group;
  readonly #chance: Chance;
  readonly #lives = [0, 0, 0, 0];
  #lost = 0;

  private constructor(group: Group, chance: Chance) {
    this.group = group;
    this.#chance = chance;
  }

  static async start(belongings: Belongings, chance: Chance): Promise<ShakenGroup> {
    return new ShakenGroup(await Group.start(belongings, { durable: true }), chance);
  }

  url(place: number): string {
    return this.group.url(place);
  }

  /** The life of the process at this place: what was asked for in one, and answered in the same
   * one, was answered by it. */
  life(place: number): number {
    return this.#lives[place]!;
  }

  /** Does one thing. */
  async step(): Promise<void> {
    const place = this.#chance.between(1, 3);
    const [name, act] = this.#chance.weighted<readonly [string, () => Promise<void>]>([
      [['kill', () => this.#restart(place, 'SIGKILL')], 3],
      [['stop', () => this.#restart(place, 'SIGTERM')], 2],
      [['pause', () => this.#pause(place)], 3],
      [['break', () => this.#break(this.#chance.between(2, 3))], 4],
      [['mend', () => this.#mend()], 2],
      [['wipe', () => this.#wipe(this.#chance.between(2, 3))], 1],
      [['cut back', () => this.cutBack()], 1],
      [['wipe the master', () => this.loseMaster()], 1],
    ]);
    this.done.push(`${name} n${place}`);
    await act();
    await this.#while();
  }

  /** Everything runs, and all nodes have everything. */
  async heal(): Promise<void> {
    await this.#mend();
    await this.group.caughtUp(60_000);
  }

  /** What a secondary shows and one other node has not got to its disk is replaced: the master
   * ends, and finds a majority that has not heard of it. */
  async cutBack(): Promise<void> {
    const { group } = this;
    await this.heal();
    await group.breaks(1, { persist: { stuck: true } });
    await group.breaks(2, CUT_OFF);
    const message = this.#lostMessage();
    const asked = group.append(message, 1, { timeoutMs: 100 }).catch(() => {});
    const shows = (shown: string[]): boolean => shown.includes(message);
    await until(() => messages(group.url(3)), shows, 'n3 shows what will be lost');
    await this.#while();
    group.pause(3);
    await asked;
    await this.#end(1, 'SIGKILL');
    await group.heals(2);
    await this.#begin(1);
    await until(
      () => group.health(),
      ({ mode }) => mode === 'read-write',
      'the master has a majority without n3',
    );
    group.resume(3);
    await until(
      () => messages(group.url(3)),
      (shown) => !shows(shown),
      'n3 has dropped what was lost',
    );
  }

  /** What only the master has is lost with its disk. */
  async loseMaster(): Promise<void> {
    const { group } = this;
    await this.heal();
    for (const place of [2, 3]) await group.breaks(place, CUT_OFF);
    await group.append(this.#lostMessage(), 1);
    await this.#while();
    await this.#wipe(1);
  }

  #lostMessage(): string {
    this.#lost += 1;
    return `lost ${this.#lost}`;
  }

  async #wipe(place: number): Promise<void> {
    // Two disks at once may be all that had something.
    if (place !== 1) await this.heal();
    await this.#end(place, 'SIGKILL');
    await rm(this.group.folderOf(place), { recursive: true });
    await this.#begin(place);
    await this.heal();
  }

  async #restart(place: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.#end(place, signal);
    if (this.#chance.happens(0.5)) await this.#while();
    await this.#begin(place);
  }

  async #pause(place: number): Promise<void> {
    this.group.pause(place);
    await this.#while();
    this.group.resume(place);
  }

  async #break(place: number): Promise<void> {
    await this.group.breaks(place, this.#chance.pick(FAULTS));
  }

  async #mend(): Promise<void> {
    for (const place of this.group.places) await this.group.heals(place);
  }

  async #end(place: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#lives[place]! += 1;
    await this.group.end(place, signal);
  }

  async #begin(place: number): Promise<void> {
    await this.group.start(place);
    this.#lives[place]! += 1;
  }

  #while(): Promise<void> {
    return sleep(this.#chance.between(LASTS.min, LASTS.max));
  }
}
