// Calls between processes in virtual time: who is answered, by whom, and who hears nothing.

import { describe, expect, test } from 'vitest';
import { epoch, logIndex, nodeId } from '../../../src/core/ids.ts';
import type { Heartbeat, Response } from '../../../src/core/messages.ts';
import { ANSWERED_WITHIN_MS } from '../../../src/core/patience.ts';
import { Chance } from '../../../src/sim/chance.ts';
import { Network } from '../../../src/sim/cluster/network.ts';
import { Timeline } from '../../../src/sim/timeline.ts';
import { Trace } from '../../../src/sim/trace.ts';
import { TestHost } from '../machine.ts';

const heartbeat: Heartbeat = {
  ...{ type: 'Heartbeat', epoch: epoch(1), master: { node: nodeId('n1'), url: 'http://n1' } },
  ...{ lastIndex: logIndex(0), commitIndex: logIndex(0) },
};

const answer = { type: 'Left' } as Response;

const LIMIT_MS = ANSWERED_WITHIN_MS.Heartbeat;

/** n1 calls n2, which answers at once. */
function two() {
  const timeline = new Timeline();
  const trace = new Trace(timeline, true);
  const network = new Network(timeline, new Chance(1), trace, 1);
  const [from, to] = [new TestHost('n1', timeline), new TestHost('n2', timeline)];
  network.attach(to);
  for (const host of [from, to]) host.start();
  to.onRequest = (respond) => respond(answer);
  const heard: string[] = [];
  const call = (): void =>
    network.call(from, 'n2', heartbeat, {
      answered: ({ type }) => heard.push(`${type} at ${Math.round(timeline.now)}`),
      unanswered: (error) => heard.push(`${error} at ${Math.round(timeline.now)}`),
    });
  return { call, from, heard, network, timeline, to, trace };
}

describe('a call', () => {
  test('is answered, once, though both ways are travelled twice', async () => {
    const { call, heard, network, timeline, to } = two();
    network.weather.begin('duplicate', { kind: 'duplicate', rate: 1 });
    let answered = 0;
    to.onRequest = (respond) => {
      answered += 1;
      respond(answer);
    };
    call();
    await timeline.run(LIMIT_MS + 1_000);
    expect(answered).toBe(2);
    expect(heard).toEqual([expect.stringMatching(/^Left at [123]$/)]);
  });

  test('is answered by whichever copy of the answer comes first', async () => {
    const { call, heard, network, timeline } = two();
    network.weather.begin('duplicate', { kind: 'duplicate', rate: 1 });
    network.weather.begin('slow', { kind: 'slow', from: 'n2', to: 'n1', ms: 500 });
    call();
    await timeline.run(200);
    expect(heard).toHaveLength(1);
  });

  test.each([
    ['is lost', 'n1', 'n2'],
    ['has its answer lost', 'n2', 'n1'],
  ])('that %s has no answer in time', async (_, one, other) => {
    const { call, heard, network, timeline } = two();
    network.weather.begin('cut', { kind: 'cut', from: one, to: other });
    call();
    await timeline.run(LIMIT_MS + 1_000);
    expect(heard).toEqual([`no answer in time at ${LIMIT_MS}`]);
  });

  test('whose answer is too late has none', async () => {
    const { call, heard, network, timeline } = two();
    network.weather.begin('slow', { kind: 'slow', from: 'n2', to: 'n1', ms: LIMIT_MS + 50 });
    call();
    await timeline.run(LIMIT_MS + 1_000);
    expect(heard).toEqual([`no answer in time at ${LIMIT_MS}`]);
  });

  test('is refused where no process is, or nobody is known', async () => {
    const { call, from, heard, network, timeline, to } = two();
    to.end(false);
    call();
    await timeline.run(10);
    expect(heard).toEqual([expect.stringMatching(/^connection refused at [123]$/)]);
    network.call(from, 'n9', heartbeat, {
      answered: () => heard.push('answered'),
      unanswered: (error) => heard.push(error),
    });
    await timeline.run(20);
    expect(heard.slice(1)).toEqual(['connection refused']);
  });

  test('is not even refused where there is no power', async () => {
    const { call, heard, timeline, to } = two();
    to.end(true);
    call();
    await timeline.run(LIMIT_MS + 10);
    expect(heard).toEqual([`no answer in time at ${LIMIT_MS}`]);
  });

  test.each([
    [false, 'connection closed at 100'],
    [true, `no answer in time at ${LIMIT_MS}`],
  ])('breaks with the process that was to answer it, without power: %s', async (dark, what) => {
    const { call, heard, timeline, to } = two();
    to.onRequest = () => {};
    call();
    timeline.after(99, () => to.end(dark));
    await timeline.run(LIMIT_MS + 10);
    expect(heard).toEqual([what]);
    expect(to.requests).toHaveLength(1);
  });

  test('that was answered is not broken by the end of the other process', async () => {
    const { call, heard, network, timeline, to } = two();
    network.weather.begin('slow', { kind: 'slow', from: 'n2', to: 'n1', ms: 100 });
    call();
    timeline.after(50, () => {
      network.weather.clear();
      to.end(false);
    });
    await timeline.run(LIMIT_MS);
    expect(heard).toEqual([expect.stringMatching(/^Left at 10[123]$/)]);
  });

  test('means nothing to the next life of who asked', async () => {
    const { call, from, heard, timeline } = two();
    call();
    from.end(false);
    from.start();
    await timeline.run(LIMIT_MS + 10);
    expect(heard).toEqual([]);
  });

  test('reaches a paused process when it goes on, and not its next life', async () => {
    const { call, timeline, to } = two();
    to.pause();
    call();
    await timeline.run(10);
    expect(to.requests).toHaveLength(0);
    to.resume();
    expect(to.requests).toHaveLength(1);
    to.pause();
    call();
    await timeline.run(20);
    to.end(false);
    to.start();
    await timeline.run(30);
    expect(to.requests).toHaveLength(1);
  });
});

test('what a client sends arrives once, or never', async () => {
  const { network, timeline } = two();
  const arrived: string[] = [];
  network.carry('c1', 'n2', () => arrived.push('first'));
  network.weather.begin('loss', { kind: 'loss', rate: 1 });
  network.carry('c1', 'n2', () => arrived.push('lost'));
  await timeline.run(100);
  expect(arrived).toEqual(['first']);
});
