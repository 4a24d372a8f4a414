// The judge of what nodes call committed.

import { describe, expect, test } from 'vitest';
import { CommitWatch } from '../../../src/sim/watch/commit-watch.ts';

/** A watch, and which indexes it has objected to so far. */
function watching() {
  const objections: string[] = [];
  const watch = new CommitWatch((judge, sentence) => objections.push(`${judge}: ${sentence}`));
  /** A node whose log has entries of these epochs, from index 1 on, calls all of it committed. */
  const says = (id: string, ...epochs: readonly (number | undefined)[]): void =>
    watch.committed(id, epochs.length, (index) => epochs[index - 1]);
  return { objections, says, watch };
}

describe('what two nodes call committed', () => {
  test.each([
    ['the same', [1, 1, 2], false],
    ['the same, up to an earlier index', [1, 1], false],
    ['what goes on from there', [1, 1, 2, 3], false],
    ['nothing where it was compacted away', [1, undefined, 2], false],
    ['an entry of a later epoch in its place', [1, 1, 3], true],
    ['an entry of an earlier epoch in its place', [1, 1, 1], true],
    ['another entry below its end', [1, 2, 2], true],
  ] as const)('may not be two things: %s', (_, other, wrong) => {
    const { objections, says } = watching();
    says('n1', 1, 1, 2);
    says('n2', ...other);
    expect(objections).toHaveLength(wrong ? 1 : 0);
    if (wrong) expect(objections[0]).toMatch(/^committed is one: n2 .* n1 had one/);
  });

  test('is what a third one agreed with first', () => {
    const { objections, says } = watching();
    says('n1', 1);
    says('n2', 1, 2);
    says('n3', 1, 3);
    expect(objections).toMatchObject([expect.stringContaining('n2 had one of epoch 2')]);
  });

  test('is not asked for again in one life, and is in the next one', () => {
    const { objections, says, watch } = watching();
    says('n1', 1, 1);
    watch.committed('n1', 3, (index) => (index === 3 ? 2 : 9));
    expect(objections).toEqual([]);
    watch.restarted('n1');
    says('n1', 1, 2);
    expect(objections).toHaveLength(1);
  });

  test('says nothing any more when something was lost', () => {
    const { objections, says, watch } = watching();
    says('n1', 1, 1);
    watch.loses();
    says('n2', 1, 2);
    expect(objections).toEqual([]);
  });
});
