// The course's acceptance run, on real processes: a master configured for two secondaries, one of
// which is away when Msg3 asks for all three.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Group } from './group.ts';
import { type Answer, Belongings, messages, until } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

const ALL = ['Msg1', 'Msg2', 'Msg3', 'Msg4'];

/** How the other secondary goes away, and how it returns. */
interface Absence {
  leave(group: Group): Promise<unknown>;
  comeBack(group: Group): Promise<unknown>;
}

/** An answer that can be asked whether it has come. */
function watched(answer: Promise<Answer>): { readonly answer: Promise<Answer>; came: boolean } {
  const watch = { answer, came: false };
  const note = (): void => {
    watch.came = true;
  };
  answer.then(note, note);
  return watch;
}

/** What a node lists beyond what it had at `base`. */
const listed = async (url: string, base: number): Promise<string[]> =>
  (await messages(url)).slice(base);

async function listsEverything(group: Group, base: number): Promise<void> {
  for (const url of group.urls) {
    await until(
      () => listed(url, base),
      (list) => list.length >= ALL.length,
      `${url} lists all four`,
    );
    expect(await listed(url, base)).toEqual(ALL);
  }
}

/** Msg1 is everywhere; the rest of the run, during which n3 goes away and comes back. */
async function withoutOne(group: Group, base: number, absence: Absence): Promise<void> {
  await absence.leave(group);
  const second = await group.append('Msg2', 2);
  expect(second.body).toMatchObject({ index: base + 2, acks: ['n1', 'n2'] });
  const third = watched(group.append('Msg3', 3));
  await until(
    () => listed(group.url(2), base),
    (list) => list.length === 3,
    'n2 lists Msg3',
  );
  expect((await group.append('Msg4', 1)).body).toMatchObject({ index: base + 4 });
  expect(third.came).toBe(false);

  await absence.comeBack(group);
  const { status, body } = await third.answer;
  expect([status, body.index]).toEqual([201, base + 3]);
  expect(body.acks.toSorted()).toEqual(['n1', 'n2', 'n3']);
  await listsEverything(group, base);
}

describe('acceptance run in memory', () => {
  /** Each run goes on where the one before has ended: with all three nodes. */
  let group: Group;

  beforeAll(async () => {
    group = await Group.prepare(belongings);
  });

  test('G1, G8: the other secondary is started last', async () => {
    await group.start(1);
    await group.start(2);
    await until(
      () => group.member(2),
      (member) => member?.ackedIndex === 0,
      'n2 has acknowledged',
    );
    expect((await group.append('Msg1', 1)).body).toMatchObject({ index: 1, w: 1 });
    expect((await group.append('Msg2', 2)).body).toMatchObject({ index: 2, acks: ['n1', 'n2'] });
    const third = watched(group.append('Msg3', 3));
    await until(
      () => messages(group.master),
      (list) => list.length === 3,
      'n1 lists Msg3',
    );
    expect((await group.append('Msg4', 1)).body).toMatchObject({ index: 4 });
    await until(
      () => messages(group.url(2)),
      (list) => list.length === 4,
      'n2 lists all four',
    );
    expect(third.came).toBe(false);

    await group.start(3);
    const { status, body } = await third.answer;
    expect(status).toBe(201);
    expect(body).toMatchObject({ index: 3, w: 3, durable: false });
    expect(body.acks.toSorted()).toEqual(['n1', 'n2', 'n3']);
    await listsEverything(group, 0);
  });

  test.each<[how: string, absence: Absence]>([
    [
      'paused, and comes back with all that it had',
      {
        leave: async (group) => group.pause(3),
        comeBack: async (group) => group.resume(3),
      },
    ],
    [
      'restarted, and comes back with an empty memory',
      {
        leave: (group) => group.end(3, 'SIGTERM'),
        comeBack: (group) => group.start(3),
      },
    ],
  ])('the other secondary is %s', async (_, absence) => {
    const base = await group.caughtUp();
    const { body } = await group.append('Msg1', 3);
    expect(body).toMatchObject({ index: base + 1, durable: false });
    await withoutOne(group, base, absence);
  });
});

describe('acceptance run on disk', () => {
  test('the other secondary is killed, and comes back with its disk', async () => {
    const group = await Group.start(belongings, { durable: true });
    expect((await group.append('Msg1', 3)).body).toMatchObject({ index: 1, durable: true });
    await withoutOne(group, 0, {
      leave: () => group.end(3, 'SIGKILL'),
      comeBack: () => group.start(3),
    });
  });
});
