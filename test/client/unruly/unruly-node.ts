// A node that keeps a true log, and to which anything may happen between that log and its clients.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../../src/chaos/chance.ts';
import { bytesOf, closed, cut, json, type Plain, problem, send } from './delivery.ts';
import { foreignAnswer, foreignBytes } from './foreign.ts';
import { answerGathered } from './gathered.ts';
import { type RawRequest, RawServer } from './raw-server.ts';
import { streamLog } from './streaming.ts';
import type { Operation, TrueLog } from './true-log.ts';
import { mannersOf, type Neighbours, type Write } from './writing.ts';

export type Temper = 'master' | 'secondary' | 'forbidding';

export interface NodeOptions {
  readonly temper: Temper;
  readonly log: TrueLog;
  readonly chance: Chance;
  readonly near: Neighbours;
}

export class UnrulyNode {
  readonly #options: NodeOptions;
  /** An older node does not know of appends that travel together. */
  readonly #knowsGathered: boolean;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#knowsGathered = options.chance.happens(0.85);
  }

  /** Answers one request, or lets it be. */
  async answer(request: RawRequest): Promise<void> {
    const { chance, temper, near } = this.#options;
    const writes = writesIn(request);
    if (temper === 'forbidding') return this.#tell(request, problem(401, 'unauthorized'));
    if (writes.length === 0) return this.#read(request);
    if (temper === 'secondary' && chance.happens(0.9)) {
      const url = chance.happens(0.8) ? near.master : chance.pick(near.anywhere);
      const where = { location: `${url}${request.url.pathname}` };
      const master = chance.happens(0.7) ? { master: { node: 'n1', url } } : {};
      return this.#tell(request, problem(307, 'not-master', master, where));
    }
    return this.#write(request, writes);
  }

  async #write(request: RawRequest, writes: readonly Write[]): Promise<void> {
    const { log, chance, near } = this.#options;
    if (request.url.pathname === '/messages/gathered') {
      if (!this.#knowsGathered) return this.#tell(request, problem(404, 'not-found'));
      if (chance.happens(0.8)) return answerGathered(request, writes, log, chance, near);
    }
    const manner = chance.weighted(mannersOf(log, chance, near));
    // What goes wrong with a request as a whole goes wrong with the first of its appends.
    if (writes.length === 1) return manner(request, writes[0]!);
    return chance.happens(0.5)
      ? cut(request.socket, Buffer.from(''), chance)
      : this.#tell(request, problem(503, 'no-master'), writes);
  }

  async #read(request: RawRequest): Promise<void> {
    const { chance, log } = this.#options;
    if (request.url.pathname === '/log' && request.headers.get('accept') === 'text/event-stream') {
      if (chance.happens(0.8)) return streamLog(request, log, chance);
    }
    const plain = this.#shown(request.url);
    const { socket } = request;
    return chance.weighted<() => Promise<void>>([
      [() => this.#tell(request, plain), 60],
      [() => sleep(chance.between(1, 60)).then(() => this.#tell(request, plain)), 8],
      [() => cut(socket, bytesOf(plain, chance), chance), 10],
      [() => closed(socket), 2],
      [() => this.#tell(request, foreignAnswer(chance)), 6],
      [() => send(socket, foreignBytes(chance), chance).then(() => closed(socket)), 2],
      [() => this.#tell(request, problem(503, 'not-ready')), 3],
    ])();
  }

  /** The truth about what a read asks for. */
  #shown(url: URL): Plain {
    const { log, temper } = this.#options;
    const { entries } = log;
    const lastIndex = entries.length;
    const from = Number(url.searchParams.get('from') ?? 1);
    const limit = Number(url.searchParams.get('limit') ?? 1_000);
    const page = entries.slice(from - 1, from - 1 + limit);
    const next = from - 1 + limit < lastIndex ? from + limit : null;
    if (url.pathname === '/log') {
      return json(200, { entries: page, lastIndex, commitIndex: lastIndex, next });
    }
    if (url.pathname === '/messages') {
      const messages = page.flatMap((entry) => (entry.op === 'append' ? [entry.message] : []));
      return json(200, { messages, lastIndex, next });
    }
    if (url.pathname === '/health') {
      const role = temper === 'master' ? 'master' : 'secondary';
      return json(200, { node: 'n', role, mode: 'read-write', lastIndex });
    }
    const [, first, name = ''] = url.pathname.split('/');
    if (first === 'outcomes') {
      const place = log.placeOf(decodeURIComponent(name));
      if (place === null) return problem(404, 'unknown-outcome');
      return json(200, { state: 'stored', index: place.first, acks: ['n1'] });
    }
    const key = decodeURIComponent(name);
    const found = log.valueOf(key);
    const result = { result: 'GetResult', id: null, key, value: found?.value ?? null };
    return found === null ? json(404, result) : json(200, { ...result, index: found.index });
  }

  #tell({ socket }: RawRequest, plain: Plain, writes: readonly Write[] = []): Promise<void> {
    const { chance, log } = this.#options;
    const known = writes.some(({ idempotencyKey }) => log.placeOf(idempotencyKey) !== null);
    // A node that has a write does not say that it has not.
    if (known) return cut(socket, Buffer.from(''), chance);
    return send(socket, bytesOf(plain, chance), chance);
  }

  /** On a port of the system's choice. */
  start(): Promise<RawServer> {
    return RawServer.start((request) => this.answer(request));
  }
}

interface Body {
  readonly message?: string;
  readonly messages?: readonly string[];
  readonly value?: string;
  readonly appends?: readonly { readonly message: string; readonly idempotencyKey: string }[];
}

/** The writes that a request asks for; none if it reads. */
function writesIn({ method, url, headers, json: body }: RawRequest): Write[] {
  if (method === 'GET') return [];
  const { message = '', messages, value = '', appends } = (body ?? {}) as Body;
  const idempotencyKey = headers.get('idempotency-key') ?? '';
  const append = (text: string): Operation => ({ op: 'append', message: text });
  if (appends !== undefined) {
    return appends.map((one) => ({
      idempotencyKey: one.idempotencyKey,
      operations: [append(one.message)],
      kind: 'append',
    }));
  }
  if (messages !== undefined) {
    return [{ idempotencyKey, operations: messages.map(append), kind: 'batch' }];
  }
  if (url.pathname === '/messages') {
    return [{ idempotencyKey, operations: [append(message)], kind: 'append' }];
  }
  const key = decodeURIComponent(url.pathname.slice('/kv/'.length));
  const operation: Operation = method === 'PUT' ? { op: 'put', key, value } : { op: 'remove', key };
  return [{ idempotencyKey, operations: [operation], kind: 'key' }];
}
