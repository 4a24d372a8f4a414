// The course's acceptance run, on real processes: a master configured for two secondaries, one of
// which is away when Msg3 asks for all three. The clusters run side by side.

import { afterAll, describe, expect, test } from 'vitest';
import { Group } from './group.ts';
import { type Answer, Belongings, messages, until } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

const ALL = ['Msg1', 'Msg2', 'Msg3', 'Msg4'];

/** How the other secondary goes away, and how it returns. */
interface Absence {
  readonly durable: boolean;
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

async function listsEverything(group: Group): Promise<void> {
  for (const url of group.urls) {
    await until(
      () => messages(url),
      (list) => list.length >= ALL.length,
      `${url} lists all four`,
    );
    expect(await messages(url)).toEqual(ALL);
  }
}

describe.concurrent('acceptance run', () => {
  test('G1, G8: the other secondary is started last', async () => {
    const group = await Group.prepare(belongings);
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
    await listsEverything(group);
  });

  test.each<[how: string, absence: Absence]>([
    [
      'killed, and comes back with its disk',
      {
        durable: true,
        leave: (group) => group.end(3, 'SIGKILL'),
        comeBack: (group) => group.start(3),
      },
    ],
    [
      'paused, and comes back with all that it had',
      {
        durable: false,
        leave: async (group) => group.pause(3),
        comeBack: async (group) => group.resume(3),
      },
    ],
    [
      'restarted, and comes back with an empty memory',
      {
        durable: false,
        leave: (group) => group.end(3, 'SIGTERM'),
        comeBack: (group) => group.start(3),
      },
    ],
  ])('the other secondary is %s', async (_, { durable, leave, comeBack }) => {
    const group = await Group.start(belongings, { durable });
    expect((await group.append('Msg1', 3)).body).toMatchObject({ index: 1, durable });
    await leave(group);

    expect((await group.append('Msg2', 2)).body).toMatchObject({ index: 2, acks: ['n1', 'n2'] });
    const third = watched(group.append('Msg3', 3));
    await until(
      () => messages(group.url(2)),
      (list) => list.length === 3,
      'n2 lists Msg3',
    );
    expect((await group.append('Msg4', 1)).body).toMatchObject({ index: 4 });
    expect(third.came).toBe(false);

    await comeBack(group);
    const { status, body } = await third.answer;
    expect([status, body.index]).toEqual([201, 3]);
    expect(body.acks.toSorted()).toEqual(['n1', 'n2', 'n3']);
    await listsEverything(group);
  });
});
