import { describe, expect, test } from 'vitest';
import { ArbiterNode, type ArbiterNodeOptions } from '../../../src/core/arbiter/arbiter-node.ts';
import { BLANK_MEMORY, type Effect, type Memory } from '../../../src/core/effects.ts';
import { epoch, incarnation, logIndex, nodeId, ticket } from '../../../src/core/ids.ts';
import type { Replicas, Response } from '../../../src/core/messages.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

/** The arbiter of its own, with its disk and its network in the hands of the test. */
class Office {
  readonly machine: ArbiterNode;
  readonly responses: Record<number, Response['type'] | string> = {};
  readonly refusals: Record<number, object> = {};
  readonly sent: { call: never; to: string; request: Replicas; at: number }[] = [];
  readonly remembered: { id: number; memory: Memory }[] = [];
  now = 0;
  private lastTicket = 0;

  constructor(memory: Memory = BLANK_MEMORY, how: Partial<ArbiterNodeOptions> = {}) {
    const settings = { size: null, newCluster: null, prefer: null, ...how };
    this.machine = new ArbiterNode(DEFAULT_OPTIONS, settings, memory);
  }

  join(id: string, life = `${id}#1`, url = id, cluster?: string): number {
    return this.receive({
      ...(cluster === undefined ? {} : { cluster }),
      type: 'Join',
      node: nodeId(id),
      url,
      incarnation: incarnation(life),
      epoch: epoch(0),
      lastIndex: logIndex(0),
    });
  }

  leave(id: string): number {
    return this.receive({ type: 'Leave', node: nodeId(id) });
  }

  receive(request: Parameters<typeof this.machine.step>[0] extends never ? never : object): number {
    this.lastTicket += 1;
    const received = { type: 'Received', ticket: ticket(this.lastTicket), request } as never;
    this.perform(this.machine.step(received, this.now));
    return this.lastTicket;
  }

  start(): void {
    this.perform(this.machine.step({ type: 'Start' }, this.now));
  }

  /** The disk is done with everything it was given. */
  remember(): void {
    const { id } = this.remembered.at(-1)!;
    this.perform(this.machine.step({ type: 'Remembered', id }, this.now));
  }

  /** One after the other, each remembered before the next comes. */
  joinAll(...ids: readonly string[]): void {
    for (const id of ids) {
      this.join(id);
      this.remember();
    }
  }

  answer(copy: number, response: Response): void {
    const { call } = this.sent[copy]!;
    this.perform(this.machine.step({ type: 'Answered', call, response }, this.now));
  }

  fail(copy: number): void {
    const { call } = this.sent[copy]!;
    this.perform(this.machine.step({ type: 'Unanswered', call, error: 'refused' }, this.now));
  }

  /** Whether it wants to be woken or not. */
  wake(): void {
    this.perform(this.machine.step({ type: 'Wake' }, this.now));
  }

  run(ms: number): void {
    const end = this.now + ms;
    while (this.machine.deadline() <= end) {
      this.now = Math.max(this.now, this.machine.deadline());
      this.wake();
    }
    this.now = end;
  }

  private perform(effects: Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'Respond') this.responses[effect.ticket] = effect.response.type;
      if (effect.type === 'Respond' && effect.response.type === 'Refused') {
        this.refusals[effect.ticket] = effect.response;
      }
      if (effect.type === 'Remember') this.remembered.push(effect);
      if (effect.type === 'Send')
        this.sent.push({ ...(effect as never as object), at: this.now } as never);
    }
  }
}

const noted: Response = { type: 'ReplicasNoted' };

describe('one of several arbiters', () => {
  const inTurn = (): Office => new Office(BLANK_MEMORY, { term: 't1', newCluster: 'c-new' });

  test('G24: says that a node is of another cluster only when it has shown its charge', () => {
    const office = inTurn();
    office.join('n1');
    const stray = office.join('n2', 'n2#1', 'n2', 'c-old');
    office.run(10_000);
    // Perhaps it has been followed by one that has let this cluster in.
    expect(office.refusals).toEqual({});
    office.remember();
    expect(office.refusals[stray]).toMatchObject({ code: 'wrong-cluster', cluster: 'c-new' });
  });

  test('G24: says that an id is taken only when it has shown its charge', () => {
    const office = inTurn();
    office.joinAll('n1', 'n2');
    const sent = office.sent.length;
    const later = office.join('n2', 'n2#2', 'elsewhere');
    const alive = { code: 'stale-epoch', epoch: epoch(1), node: nodeId('n2') } as const;
    office.answer(sent, { type: 'Refused', ...alive, incarnation: incarnation('n2#1') });
    expect(office.refusals).toEqual({});
    office.remember();
    expect(office.refusals[later]).toMatchObject({ code: 'node-id-taken' });
  });
});

describe('ArbiterNode', () => {
  test('C19: an answer leaves only after what it promises is durable', () => {
    const office = new Office();
    const first = office.join('n1');
    office.run(1_000);
    expect(office.responses[first]).toBeUndefined();
    expect(office.sent).toEqual([]);
    office.remember();
    expect(office.responses[first]).toBe('JoinedMaster');
    expect(office.remembered.at(-1)!.memory.arbiter).toMatchObject({ epoch: 1, master: 'n1' });
  });

  test('the master is told the whole set, itself included, until it has taken note', () => {
    const office = new Office();
    office.join('n1');
    office.remember();
    office.run(0);
    office.answer(0, noted);
    office.join('n2');
    office.remember();
    office.run(0);
    expect(office.sent[1]!.request.replicas.map(({ node }) => node)).toEqual(['n1', 'n2']);
    office.run(10_000);
    expect(office.sent).toHaveLength(2);
    office.answer(1, noted);
    office.run(60_000);
    expect(office.sent).toHaveLength(2);
    expect(office.machine.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('an unanswered announcement is repeated at growing gaps', () => {
    const office = new Office();
    office.join('n1');
    office.remember();
    for (let i = 0; i < 8; i += 1) {
      office.run(2_000);
      office.fail(office.sent.length - 1);
    }
    office.run(2_000);
    const gaps = office.sent.slice(1).map(({ at }, i) => at - office.sent[i]!.at);
    expect(gaps.every((gap) => gap <= 4_000)).toBe(true);
    expect(office.sent).toHaveLength(9);
  });

  test('a change while an announcement is under way goes out after it, as the latest set', () => {
    const office = new Office();
    office.joinAll('n1', 'n2');
    office.run(0);
    office.join('n3');
    office.remember();
    office.leave('n2');
    office.remember();
    office.run(500);
    office.wake();
    expect(office.sent).toHaveLength(1);
    office.answer(0, noted);
    office.run(0);
    expect(office.sent[1]!.request.replicas.map(({ node }) => node)).toEqual(['n1', 'n3']);
  });

  test('who left and came back meanwhile: the master first hears that it left', () => {
    const office = new Office();
    office.joinAll('n1', 'n2', 'n3');
    office.run(0);
    office.answer(0, noted);
    office.leave('n2');
    office.remember();
    office.run(0);
    office.join('n2');
    office.remember();
    office.fail(1);
    office.run(200);
    const sets = () =>
      office.sent.slice(1).map(({ request }) => request.replicas.map(({ node }) => node).join());
    expect(sets()).toEqual(['n1,n3', 'n1,n3']);
    office.fail(2);
    office.run(1_000);
    office.answer(3, noted);
    office.run(0);
    expect(sets()).toEqual(['n1,n3', 'n1,n3', 'n1,n3', 'n1,n3,n2']);
    const versions = office.sent.slice(1).map(({ request }) => request.version!);
    expect(versions[3]).toBeGreaterThan(versions[2]!);
    expect(versions[2]).toBeGreaterThanOrEqual(versions[0]!);
    office.answer(4, noted);
    office.run(60_000);
    expect(office.sent).toHaveLength(5);
  });

  test('a master of a new epoch hears of nobody who left and came back before it', () => {
    const office = new Office();
    office.joinAll('n1', 'n2');
    office.run(0);
    office.answer(0, noted);
    office.leave('n2');
    office.join('n2');
    office.join('n1', 'n1#2');
    office.remember();
    office.run(0);
    expect(office.sent.at(-1)!.request).toMatchObject({
      epoch: 2,
      replicas: [{ node: 'n1' }, { node: 'n2' }],
    });
  });

  test('a master that knows a higher epoch is appointed anew, above it', () => {
    const office = new Office();
    office.join('n1');
    office.remember();
    office.run(0);
    office.answer(0, { type: 'Refused', code: 'stale-epoch', epoch: epoch(6) });
    office.remember();
    office.run(0);
    expect(office.sent[1]!.request.epoch).toBe(7);
  });

  test('C19: a new process goes on with what the old one remembered', () => {
    const office = new Office();
    office.joinAll('n1', 'n2');
    const next = new Office(office.remembered.at(-1)!.memory);
    expect(next.machine.master).toMatchObject({ node: 'n1' });
    expect(next.machine.members.map(({ node }) => node)).toEqual(['n1', 'n2']);
    next.join('n1', 'n1#2');
    next.remember();
    expect(next.remembered.at(-1)!.memory.arbiter).toMatchObject({ epoch: 2 });
  });

  test('a new size is announced', () => {
    const office = new Office();
    office.join('n1');
    office.remember();
    office.run(0);
    office.answer(0, noted);
    for (const effect of office.machine.resize(4, office.now)) {
      if (effect.type === 'Remember') office.remembered.push(effect);
    }
    office.remember();
    office.run(0);
    expect(office.sent.at(-1)!.request.size).toBe(4);
  });

  test('it is no replica: what is meant for one is refused', () => {
    const office = new Office();
    const ask = () => office.receive({ type: 'Fetch', epoch: epoch(1), from: logIndex(1) });
    expect(office.refusals[ask()]).toEqual({ type: 'Refused', code: 'no-master' });
    office.joinAll('n1');
    const master = { node: 'n1', url: 'n1' };
    expect(office.refusals[ask()]).toEqual({ type: 'Refused', code: 'not-master', master });
  });

  test('C19: the master hears of no change that is not durable yet', () => {
    const office = new Office();
    office.join('n1');
    office.join('n2');
    const first = office.remembered.at(-1)!.id;
    office.leave('n2');
    const step = office.machine.step({ type: 'Remembered', id: first }, 0);
    expect(step.length).toBeGreaterThan(0);
    office.run(10);
    const [announced] = office.sent;
    expect(announced!.request.replicas.map(({ node }) => node)).toEqual(['n1', 'n2']);
  });
});

describe('ArbiterNode: a restart', () => {
  /** What an arbiter remembers whose master has not heard of the last change. */
  function untold(): Memory {
    const office = new Office();
    office.joinAll('n1', 'n2', 'n3');
    office.leave('n3');
    office.remember();
    return office.remembered.at(-1)!.memory;
  }

  test('what the master may not have heard before is told at the start', () => {
    const office = new Office(untold());
    office.start();
    expect(office.sent).toEqual([]);
    office.remember();
    office.run(0);
    expect(office.sent).toHaveLength(1);
    const { to, request } = office.sent[0]!;
    expect([to, request.replicas.map(({ node }) => node)]).toEqual(['n1', ['n1', 'n2']]);
  });

  test('another size is told at the start, and is later than what was told before', () => {
    const before = untold();
    const office = new Office(before, { size: 5 });
    office.start();
    office.remember();
    office.run(0);
    const version = before.arbiter!.version! + 1;
    expect(office.sent[0]!.request).toMatchObject({ size: 5, version });
    expect(office.remembered.at(-1)!.memory.arbiter).toMatchObject({ size: 5, version });
    const again = new Office(office.remembered.at(-1)!.memory, { size: 5 });
    again.start();
    expect(again.remembered.at(-1)!.memory.arbiter!.version).toBe(version);
  });

  test('one that knows of no master has nobody to tell', () => {
    const office = new Office();
    office.start();
    office.run(10_000);
    expect([office.remembered, office.sent]).toEqual([[], []]);
  });

  test('what the master takes note of is remembered: who counts, counts after a restart', () => {
    const office = new Office(BLANK_MEMORY, { failover: true });
    office.joinAll('n1', 'n2', 'n3');
    office.run(0);
    office.answer(0, noted);
    const { arbiter } = office.remembered.at(-1)!.memory;
    expect(arbiter!.noted).toEqual({ size: 3, nodes: ['n1', 'n2', 'n3'] });
    const { length } = office.remembered;
    office.leave('n4');
    office.remember();
    office.run(0);
    office.answer(1, noted);
    expect(office.remembered, 'the same once more').toHaveLength(length + 1);
  });

  test('C18: who has caught up is asked for, until all have', () => {
    const office = new Office(BLANK_MEMORY, { failover: true });
    office.joinAll('n1', 'n2');
    office.run(0);
    const names = (...ids: readonly string[]): void => {
      office.answer(office.sent.length - 1, { ...noted, established: ids.map(nodeId) });
      office.run(DEFAULT_OPTIONS.newcomersMs);
    };
    names('n1');
    names('n1');
    expect(office.sent.map(({ at }) => at)).toEqual([0, 500, 1_000]);
    names('n1', 'n2');
    office.run(60_000);
    expect(office.sent).toHaveLength(3);
    const { arbiter } = office.remembered.at(-1)!.memory;
    expect(arbiter!.noted).toMatchObject({ established: ['n1', 'n2'] });
  });

  test('a master that cannot say yet is asked again, and what was known stays', () => {
    const office = new Office(BLANK_MEMORY, { failover: true });
    office.joinAll('n1', 'n2');
    office.run(0);
    office.answer(0, { ...noted, established: [] });
    office.run(500);
    office.answer(1, { ...noted, established: ['n1', 'n2'].map(nodeId) });
    office.join('n1', 'n1#2');
    office.remember();
    office.run(0);
    office.answer(2, { ...noted, established: [] });
    office.run(500);
    expect(office.sent.map(({ at }) => at)).toEqual([0, 500, 500, 1_000]);
    expect(office.sent[3]!.request).toMatchObject({ epoch: 2, established: ['n1', 'n2'] });
  });

  test('C18: a master that says nothing of that is not asked again', () => {
    const office = new Office(BLANK_MEMORY, { failover: true });
    office.joinAll('n1', 'n2');
    office.run(0);
    office.answer(0, noted);
    office.run(60_000);
    expect(office.sent).toHaveLength(1);
  });
});

describe('ArbiterNode: one id, two processes', () => {
  const A = { node: nodeId('n2'), incarnation: incarnation('n2#1') };

  /** An arbiter that has asked the process that is registered whether it still lives. */
  function asked(memory?: Memory): { office: Office; later: number; call: number } {
    const office = new Office(memory);
    office.joinAll('n1', 'n2');
    office.run(0);
    office.answer(0, noted);
    const later = office.join('n2', 'n2#2', 'elsewhere');
    return { office, later, call: office.sent.length - 1 };
  }

  test('B44: before the later one is answered, the earlier is asked who it is', () => {
    const { office, later, call } = asked();
    expect(office.sent[call]).toMatchObject({
      to: 'n2',
      request: { type: 'Replicas', epoch: 0, replicas: [] },
    });
    expect(office.responses[later]).toBeUndefined();
    expect(office.machine.members).toMatchObject([{ url: 'n1' }, { url: 'n2' }]);
  });

  test('B44: while the earlier one lives, the later is refused, and nothing changes', () => {
    const { office, later, call } = asked();
    const before = office.remembered.length;
    office.answer(call, { type: 'Refused', code: 'stale-epoch', epoch: epoch(1), ...A });
    expect(office.refusals[later]).toEqual({ type: 'Refused', code: 'node-id-taken', node: 'n2' });
    expect(office.remembered).toHaveLength(before);
    expect(office.machine.members).toMatchObject([{ url: 'n1' }, { url: 'n2' }]);
  });

  test('B45: who belongs to another cluster is told so at once, and nobody is asked', () => {
    const { office, call } = asked({ ...BLANK_MEMORY, cluster: 'c-1' });
    const stray = office.join('n2', 'n2#9', 'astray', 'c-2');
    expect(office.refusals[stray]).toMatchObject({ code: 'wrong-cluster', cluster: 'c-1' });
    expect(office.sent).toHaveLength(call + 1);
  });

  test.each<[string, Response | null]>([
    ['nothing answers there', null],
    ['another life answers there', staleAs({ incarnation: incarnation('n2#3') })],
    ['another node answers there', staleAs({ node: nodeId('n9') })],
    ['who answers there does not say who it is', staleAs({ node: undefined })],
    ['who answers there has no role yet', noted],
  ])('B44: %s: the later one takes its place', (_, response) => {
    const { office, later, call } = asked();
    if (response === null) office.fail(call);
    else office.answer(call, response);
    office.remember();
    expect(office.responses[later]).toBe('JoinedSecondary');
    expect(office.machine.members).toMatchObject([{ url: 'n1' }, { url: 'elsewhere' }]);
  });

  test('B44: who has been replaced meanwhile is not asked for in vain', () => {
    const { office, later, call } = asked();
    const third = office.join('n2', 'n2#3', 'third');
    office.fail(office.sent.length - 1);
    office.remember();
    expect(office.responses[third]).toBe('JoinedSecondary');
    office.answer(call, { type: 'Refused', code: 'stale-epoch', epoch: epoch(1), ...A });
    expect(office.responses[later]).toBeUndefined();
    expect(office.sent.at(-1)).toMatchObject({ to: 'third', request: { epoch: 0 } });
  });

  test('B44: the earlier one has left meanwhile: the later is taken', () => {
    const { office, later, call } = asked();
    office.leave('n2');
    office.remember();
    office.answer(call, { type: 'Refused', code: 'stale-epoch', epoch: epoch(1), ...A });
    office.remember();
    expect(office.responses[later]).toBe('JoinedSecondary');
  });

  function staleAs(who: object): Response {
    return { type: 'Refused', code: 'stale-epoch', epoch: epoch(1), ...A, ...who } as Response;
  }
});

describe('a node that leaves and comes back while the master is not reached', () => {
  test.each(['arbiter', null])('C10: begins a new session (arbiter: %s)', (arbiter) => {
    const cluster = new VirtualCluster();
    if (arbiter !== null) cluster.arbiter();
    cluster.start('n1', { arbiter });
    cluster.run(50);
    cluster.start('n2', { arbiter: arbiter ?? 'n1' });
    cluster.run(600);
    const at = arbiter ?? 'n1';
    const begun = () => cluster.trace.filter((line) => /n1 → n2 {2}Snapshot.*seq=0/.test(line));
    expect(begun()).toHaveLength(1);
    const life = cluster.host('n2').life;
    cluster.weather = (_from, to, what) => (what === 'Replicas' && to === 'n1' ? 'lost' : 1);
    cluster.request(at, { type: 'Leave', node: nodeId('n2') });
    cluster.request(at, {
      type: 'Join',
      node: nodeId('n2'),
      url: 'n2',
      incarnation: incarnation(`n2#${life}`),
      epoch: epoch(1),
      lastIndex: logIndex(0),
    });
    cluster.run(100);
    cluster.weather = () => 1;
    cluster.run(10_000);
    expect(begun()).toHaveLength(2);
    expect(cluster.trace.filter((line) => line.includes('n1: n2 left'))).toHaveLength(1);
  });
});

describe('one id, two processes, with an arbiter of its own', () => {
  const roles = (cluster: VirtualCluster): string[] =>
    cluster.trace.filter((line) => /: (?:master|secondary|joined)|session/.test(line));

  function two(): VirtualCluster {
    const cluster = new VirtualCluster();
    cluster.arbiter();
    for (const id of ['n1', 'n2']) cluster.start(id);
    cluster.run(600);
    return cluster;
  }

  test.each(['n1', 'n2'])('B44: the later %s is refused as long as the earlier lives', (node) => {
    const cluster = two();
    cluster.start('later', { node });
    const before = roles(cluster).length;
    cluster.run(20_000);
    expect(roles(cluster)).toHaveLength(before);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1 });
    expect(cluster.status('n2')).toMatchObject({ role: 'secondary', master: { node: 'n1' } });
    expect(cluster.status('later').role).toBeNull();
    cluster.kill(node);
    cluster.run(20_000);
    expect(cluster.status('later').role).toBe(node === 'n1' ? 'master' : 'secondary');
  });

  test.each(['n1', 'n2'])('B44: a later %s that took the place of one that stood still', (node) => {
    const cluster = two();
    cluster.pause(node);
    cluster.start('later', { node });
    cluster.run(10_000);
    const { role } = cluster.status('later');
    expect(role).toBe(node === 'n1' ? 'master' : 'secondary');
    cluster.resume(node);
    cluster.run(3_000);
    const before = roles(cluster).length;
    cluster.run(20_000);
    expect(roles(cluster)).toHaveLength(before);
    expect(cluster.status('later').role).toBe(role);
    expect(cluster.status(node)).toMatchObject({ role: 'secondary' });
  });
});
