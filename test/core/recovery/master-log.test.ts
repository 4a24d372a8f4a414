import { describe, expect, test } from 'vitest';
import { masterOf, three } from '../three.ts';

describe('Master: log and commit index', () => {
  test('B15, C1: parallel writes have one order, the same on every node', () => {
    const cluster = three();
    let draw = 3;
    cluster.weather = () => {
      draw = (draw * 1_103_515_245 + 12_345) % 2 ** 31;
      return 1 + (draw % 40);
    };
    const tickets = Array.from({ length: 200 }, (_, i) => cluster.write('n1', `m${i}`, { w: 3 }));
    cluster.run(5_000);
    expect(tickets.every((ticket) => cluster.outcome(ticket)?.type === 'Stored')).toBe(true);
    expect(cluster.entries('n2')).toEqual(cluster.entries('n1'));
    expect(cluster.entries('n3')).toEqual(cluster.entries('n1'));
    expect(cluster.host('n1').log.entries.map(({ index }) => index)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
  });

  test('the commit index is what a majority has persisted, and secondaries come to know it', () => {
    const cluster = three();
    cluster.host('n2').disk.stuck = true;
    cluster.host('n3').disk.stuck = true;
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(50);
    expect(masterOf(cluster).commitIndex).toBe(0);
    cluster.host('n3').disk.stuck = false;
    cluster.run(200);
    expect(masterOf(cluster).commitIndex).toBe(1);
    cluster.run(600);
    expect(cluster.status('n3').commitIndex).toBe(1);
  });

  test('C18: a quiet cluster does nothing but its heartbeats', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3, timeoutMs: 1_000 });
    cluster.write('n1', 'b', { w: 3, timeoutMs: 1_000 });
    cluster.run(2_000);
    const messages: string[] = [];
    cluster.weather = (_from, _to, what) => {
      messages.push(what);
      return 1;
    };
    cluster.run(10_000);
    expect(new Set(messages)).toEqual(new Set(['Heartbeat', 'HeartbeatAck']));
    expect(messages).toHaveLength(80);
  });

  test('C20: a secondary that rejoins while writes go on misses none of them', () => {
    const cluster = three({ snapshotEntriesMax: 20 });
    cluster.kill('n3');
    for (let i = 0; i < 500; i += 1) {
      cluster.write('n1', `m${i}`, { w: 2 });
      if (i === 300) cluster.start('n3', { arbiter: 'n1', wipe: true });
      cluster.run(2);
    }
    cluster.run(1_000);
    expect(cluster.entries('n3')).toHaveLength(500);
    expect(cluster.entries('n3')).toEqual(cluster.entries('n1'));
  });

  test('a secondary that was away when the master came back is sent only what it lacks', () => {
    const cluster = three();
    for (let i = 0; i < 50; i += 1) cluster.write('n1', `m${i}`, { w: 3 });
    cluster.run(200);
    cluster.kill('n1');
    cluster.kill('n3');
    cluster.start('n1', { arbiter: null, size: 3 });
    cluster.run(1_000);
    cluster.write('n1', 'new', { w: 2 });
    cluster.run(100);
    const before = cluster.trace.length;
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(1_000);
    const sent = cluster.trace.slice(before).filter((line) => line.includes('n1 → n3  Snapshot'));
    expect(cluster.entries('n3')).toEqual(cluster.entries('n1'));
    expect(sent.join('\n')).not.toContain('1:m0');
  });

  test('C3: a secondary with a tail of its own keeps what agrees, and is sent the rest', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(600);
    cluster.host('n1').disk.stuck = true;
    cluster.weather = (from, to) => (from === 'n1' && to === 'n2' ? 'lost' : 1);
    cluster.write('n1', 'tail', { w: 1 });
    cluster.run(20);
    cluster.kill('n1');
    cluster.kill('n3');
    cluster.host('n1').disk.stuck = false;
    cluster.weather = () => 1;
    cluster.start('n1', { arbiter: null, size: 3 });
    cluster.run(100);
    cluster.write('n1', 'b');
    cluster.write('n1', 'c');
    cluster.run(1_000);
    expect(cluster.entries('n3')).toEqual(['1:a', '2:tail']);
    const before = cluster.trace.length;
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(1_000);
    expect(cluster.entries('n3')).toEqual(['1:a', '2:b', '3:c']);
    const drawn = cluster.trace.slice(before).join('\n');
    expect(drawn).not.toContain('diverged');
    expect(drawn).not.toContain('[1:a');
  });

  test('a batch is contiguous, whatever else is written', () => {
    const cluster = three();
    const batches = [1, 2, 3].map((b) => {
      cluster.write('n1', `single${b}`, { w: 1 });
      return cluster.batch('n1', [`${b}a`, `${b}b`, `${b}c`], { w: 3 });
    });
    cluster.run(100);
    expect(batches.map((ticket) => cluster.outcome(ticket))).toMatchObject([
      { first: 2, last: 4 },
      { first: 6, last: 8 },
      { first: 10, last: 12 },
    ]);
    expect(cluster.host('n3').log.entries[1]).toMatchObject({ message: '1a', batch: 3 });
  });
});
