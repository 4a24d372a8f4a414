// What damage excuses: a node shows less than it had, and the others' promises stay.

import { describe, expect, test } from 'vitest';
import type { WriteConcern } from '../../src/core/effects.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

/** `w` nodes have a second operation; then `node` starts, and says that it has lost entries. */
function damaging(w: WriteConcern, node: string, damaged = true): Recording {
  const run = new Recording();
  run.write(message('kept'), { w: 'all' });
  run.write(message('second'), { w });
  run.node(node, 'crash');
  run.start(node, true, damaged);
  return run;
}

describe('a damaged node', () => {
  test('may show less than it had acknowledged, for a while', () => {
    for (const damaged of [true, false]) {
      const run = damaging('all', 'n2', damaged);
      run.read('n2', {}, run.log.slice(0, 1));
      run.end();
      expect(judgesOf(run.records)).toEqual(damaged ? [] : ['durable']);
    }
  });

  test('may do so also where it acknowledged in the life before, and that is heard later', () => {
    const run = new Recording();
    run.write(message('kept'), { w: 'all' });
    const call = run.tick();
    run.node('n2', 'crash');
    run.start('n2', true, true);
    run.write(message('second'), { w: 'all', call });
    run.read('n2', {}, run.log.slice(0, 1));
    run.end();
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('has what it acknowledges from then on', () => {
    const run = damaging('all', 'n2');
    run.write(message('third'), { w: 'all' });
    run.read('n2', {}, run.log.slice(0, 2));
    run.end();
    expect(judgesOf(run.records)).toEqual(['durable']);
  });

  test.each([
    ['another node has it', 2 as const, true],
    ['nobody else has it', 1 as const, false],
  ])('takes nothing from the log for good: %s', (_, w, found) => {
    const run = damaging(w, 'n1');
    run.log.length = 1;
    run.lead('n1');
    run.write(message('instead'), { w: 'all' });
    run.end();
    expect(judgesOf(run.records).includes('durable')).toBe(found);
  });

  test('excuses nothing that was under way meanwhile, where others have it', () => {
    const run = new Recording();
    const call = run.tick();
    run.node('n2', 'crash');
    run.start('n2', true, true);
    run.write(message('second'), { w: 'all', call });
    run.log.length = 0;
    run.end();
    expect(judgesOf(run.records)).toContain('durable');
  });

  test.each(['repair', 'wipe'] as const)(
    'that is given up by a %s is one that has lost it',
    (event) => {
      for (const given of [true, false]) {
        const run = damaging(2, 'n1');
        run.node('n1', 'crash');
        if (given) run.node('n1', event);
        run.start('n1');
        run.log.length = 1;
        run.lead('n1');
        run.write(message('instead'), { w: 'all' });
        run.end();
        expect(judgesOf(run.records).includes('durable')).toBe(!given);
      }
    },
  );
});
