// One run: a few nodes to which anything may happen, clients that use them in every way, and what
// was wrong in the end.

import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chance } from '../../../src/chaos/chance.ts';
import { ReplogClient } from '../../../src/client/client.ts';
import { Caller, type Findings } from './caller.ts';
import { RawServer } from './raw-server.ts';
import { Sendings } from './sendings.ts';
import { TrueLog } from './true-log.ts';
import { type NodeOptions, type Temper, UnrulyNode } from './unruly-node.ts';
import { wrongWith } from './written.ts';

const TEMPERS: readonly Temper[] = ['master', 'secondary', 'secondary', 'forbidding'];

/** Steps of each client at the same time: most of them wait, for their signal or an answer. */
const WALKS = 5;

/** A copy may be on its way for so long when its write ends. */
const ON_ITS_WAY_MS = 300;

export interface Ended {
  readonly wrong: readonly string[];
  readonly seen: ReadonlyMap<string, number>;
}

/** Plays a run with so many steps of each of three clients. */
export async function play(seed: number, steps: number): Promise<Ended> {
  const before = socketsInUse();
  const log = new TrueLog();
  const servers = await startNodes(seed, log);
  const sendings = new Sendings();
  const look = sendings.watch();
  const findings: Findings = { written: [], wrong: [], seen: new Map(), lagMs: 0 };
  const forget = watch(findings);
  const callers = servers.slice(0, 3).map(({ url }, i) => {
    const chance = Chance.of(seed, `caller ${i}`);
    const client = new ReplogClient({ url, retryForMs: chance.pick([0, 100, 400]) });
    return new Caller(client, `c${i}`, log, chance, findings);
  });
  const walks = Array.from({ length: WALKS }, () => callers.map((caller) => walk(caller, steps)));
  await Promise.all(walks.flat());
  await judge(findings, log, sendings);
  await hasGone(findings, before);
  for (const server of servers) await server.close();
  look();
  forget();
  return findings;
}

async function walk(caller: Caller, steps: number): Promise<void> {
  for (let i = 0; i < steps; i += 1) await caller.step();
}

async function startNodes(seed: number, log: TrueLog): Promise<RawServer[]> {
  const dead = await RawServer.start(async () => {});
  await dead.close();
  const anywhere: string[] = [dead.url];
  const near = { master: '', anywhere };
  const servers: RawServer[] = [];
  for (const [i, temper] of TEMPERS.entries()) {
    const chance = Chance.of(seed, `node ${i}`);
    const options: NodeOptions = { temper, log, chance, near };
    const server = await new UnrulyNode(options).start();
    servers.push(server);
    anywhere.push(server.url);
    if (temper === 'master') near.master = server.url;
  }
  return servers;
}

/** What a process is told of, and for how long its event loop was held up. */
function watch(findings: Findings): () => void {
  const { wrong } = findings;
  const warned = (warning: Error): void => void wrong.push(`warning: ${warning.message}`);
  const unhandled = (error: unknown): void => void wrong.push(`unhandled: ${String(error)}`);
  process.on('warning', warned);
  process.on('unhandledRejection', unhandled);
  process.on('uncaughtException', unhandled);
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    findings.lagMs += Math.max(0, now - last - 20);
    last = now;
  }, 20);
  return () => {
    clearInterval(timer);
    process.off('warning', warned);
    process.off('unhandledRejection', unhandled);
    process.off('uncaughtException', unhandled);
  };
}

async function judge(
  { written, wrong, lagMs }: Findings,
  log: TrueLog,
  sendings: Sendings,
): Promise<void> {
  // What was on its way when its caller went may still arrive, and be stored.
  await sleep(ON_ITS_WAY_MS + lagMs);
  for (const one of written) {
    const { idempotencyKey, outcome, signal, settledAt } = one;
    const said = outcome.kind === 'answer' ? JSON.stringify(outcome.value) : outcome.error;
    const what = wrongWith(one, log);
    if (what !== null) wrong.push(`${idempotencyKey} ${what}; told: ${String(said)}`);
    if (sendings.of(idempotencyKey).some((at) => at > settledAt)) {
      wrong.push(`${idempotencyKey} was sent after it had ended`);
    }
    if (getEventListeners(signal, 'abort').length > 0) {
      wrong.push(`${idempotencyKey}: its signal is still listened to`);
    }
  }
}

/** Nothing of the clients keeps the process alive: connections that are kept for later do not. */
async function hasGone({ wrong }: Findings, before: number): Promise<void> {
  for (let i = 0; i < 50 && socketsInUse() > before; i += 1) await sleep(20);
  const left = socketsInUse() - before;
  if (left > 0) wrong.push(`${left} connections keep the process alive`);
}

function socketsInUse(): number {
  return process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length;
}
