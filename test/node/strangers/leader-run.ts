// A master of ours that is its own arbiter, two foreign secondaries, and a client that writes.

import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningNode, serveNode } from '../../../src/node/serve.ts';
import { Chance } from './chance.ts';
import { NODE } from './follower-run.ts';
import { ForeignSecondary } from './foreign-secondary.ts';
import { HeldUp } from './held-up.ts';
import { PostLine } from './lines.ts';
import { WritingClient } from './writing-client.ts';

/** How long it may take until honest members are Healthy and have everything, and until a write
 * that waits for them is answered: an Unhealthy one is asked every 500 ms, and nothing else keeps
 * it from being served. */
const MENDED_WITHIN_MS = 20_000;
const STOPPED_WITHIN_MS = 5_000;

interface Member {
  readonly status: string;
  readonly lagEntries: number;
}

export class LeaderRun {
  client!: WritingClient;
  readonly others: readonly ForeignSecondary[];
  private readonly found: string[] = [];
  private readonly chance: Chance;
  private readonly dataDir: string | null;
  private readonly heldUp = new HeldUp();
  private node!: RunningNode;
  private line!: PostLine;

  constructor(seed: number, dataDir: string | null) {
    this.chance = new Chance(seed);
    this.dataDir = dataDir;
    this.others = ['s1', 's2'].map(
      (node, i) => new ForeignSecondary(node, new Chance(seed + 1e6 * (i + 1)), this.heldUp),
    );
  }

  /** Everything that was wrong. */
  get wrong(): readonly string[] {
    const theirs = this.others.flatMap(({ node, wrong }) =>
      wrong.map((what) => `${node}: ${what}`),
    );
    return [...this.found, ...this.client.wrong, ...theirs];
  }

  /** Plays so many steps, and ends well. */
  async play(steps: number): Promise<void> {
    await this.start();
    try {
      for (let i = 0; i < steps && this.wrong.length === 0; i += 1) await this.step();
      if (this.wrong.length === 0) await this.mend();
    } catch (error) {
      this.found.push(String(error));
    }
    await this.stop();
  }

  private async start(): Promise<void> {
    const { dataDir, others, chance, heldUp } = this;
    this.node = await serveNode({ ...NODE, dataDir });
    this.node.stopped.catch((error) => this.found.push(`the node has ended: ${error}`));
    this.line = new PostLine(this.node.url);
    this.client = new WritingClient(this.node.url, chance, heldUp, others);
    for (const other of others) {
      await other.start();
      await this.join(other);
      other.honest = false;
    }
  }

  private async join(other: ForeignSecondary): Promise<void> {
    const { node, url, incarnation, log } = other;
    other.joins();
    const body = JSON.stringify({ node, url, incarnation, epoch: 0, lastIndex: log.length });
    await this.until(MENDED_WITHIN_MS, async () => {
      const { status, body: said } = await this.line.ask('/arbiter/join', body);
      if (status !== 200 && status !== 503) this.found.push(`a Join: ${status} ${said.code}`);
      return status === 503 ? `${node} cannot join` : null;
    });
  }

  private async leave(other: ForeignSecondary): Promise<void> {
    const { status } = await this.line.ask('/arbiter/leave', JSON.stringify({ node: other.node }));
    if (status !== 200) this.found.push(`a Leave: ${status}`);
    other.left();
  }

  private async step(): Promise<void> {
    const { chance } = this;
    const pick = chance.below(30);
    const other = chance.one(this.others);
    if (pick < 22) await this.client.crowd();
    else if (pick < 24) other.die();
    else if (pick < 25 && other.member) await this.leave(other);
    else if (pick < 27 && !other.member) await this.join(other);
    else await sleep(chance.below(150));
    const { role } = (await this.line.get('/health')).body;
    if (role !== 'master' && role !== 'secondary') this.found.push(`role ${role}`);
  }

  /** All are honest, with new lives: they end with what the master has. */
  private async mend(): Promise<void> {
    for (const other of this.others) {
      other.honest = true;
      other.die();
      if (!other.member) await this.join(other);
    }
    await this.until(MENDED_WITHIN_MS, async () => {
      const { mode, members = [], ...rest } = (await this.line.get('/health')).body;
      const all = members as readonly Member[];
      const well = all.filter(({ status, lagEntries }) => status === 'Healthy' && lagEntries === 0);
      if (mode === 'read-write' && well.length === 3) return null;
      return `not mended: ${JSON.stringify({ mode, members, ...rest })}`;
    });
    const status = await this.client.write(3, MENDED_WITHIN_MS);
    if (status !== 201) this.found.push(`the last write: ${status}`);
    const { entries } = (await this.line.get('/log?limit=10000')).body as {
      entries: { index: number; message: string; at: string }[];
    };
    this.client.judge(entries);
    const ours = JSON.stringify(entries.map(({ index, message, at }) => [index, message, at]));
    for (const { node, log } of this.others) {
      const theirs = JSON.stringify(log.map(({ index, message, at }) => [index, message, at]));
      if (theirs !== ours) this.found.push(`${node} has ${theirs}, not ${ours}`);
    }
  }

  /** Asks until nothing is amiss. */
  private async until(withinMs: number, amiss: () => Promise<string | null>): Promise<void> {
    const waitedMs = this.heldUp.stopwatch();
    for (let what = await amiss(); what !== null; what = await amiss()) {
      if (waitedMs() > withinMs) throw new Error(what);
      await sleep(20);
    }
  }

  private async stop(): Promise<void> {
    this.line.close();
    const tookMs = this.heldUp.stopwatch();
    await this.node.stop();
    const ms = tookMs();
    if (ms > STOPPED_WITHIN_MS) this.found.push(`stopped after ${ms.toFixed()} ms`);
    for (const other of this.others) await other.stop();
    this.heldUp.stop();
  }
}
