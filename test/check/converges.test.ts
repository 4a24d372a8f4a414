// All nodes end alike, with all that was seen, but for what may be gone from every log.

import { expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

/** Every node loses its disk, and n1 leads an epoch of a new log. */
function loseAll(run: Recording): void {
  for (const node of run.nodes) {
    run.node(node, 'crash');
    run.node(node, 'wipe');
    run.start(node);
  }
  run.lead('n1');
}

test('converges: an unseen operation may have gone, in the place of what was seen', () => {
  const run = new Recording();
  run.write(message('one'));
  run.write(message('seen'), { outcome: 'unknown' });
  run.read('n1', { commitIndex: 1 });
  run.log.pop();
  run.node('n1', 'crash');
  run.start('n1');
  run.lead('n1');
  const put = (value: string) => ({ op: 'put', key: 'k', value }) as const;
  run.write(put('unseen'), { outcome: 'unknown' });
  run.write(put('later'));
  run.log.splice(1, 1);
  const records = run.end();
  expect(judge(records).violations).toEqual([]);
  const answered = records.filter((record) => !JSON.stringify(record).includes('unseen'));
  expect(judgesOf(answered)).toContain('converges');
});

test('converges: a value may be gone with the removal that superseded it, and was lost', () => {
  const run = new Recording();
  const put = (key: string) => ({ op: 'put', key, value: 'v' }) as const;
  run.write(message('one'));
  run.write(put('k'));
  const removal = run.write({ op: 'remove', key: 'k' });
  run.log.pop();
  loseAll(run);
  run.write(put('other'));
  run.log.splice(1, 1);
  const records = run.end();
  expect(judge(records).violations).toEqual([]);
  const never = records.filter((record) => record !== removal);
  expect(judgesOf(never)).toContain('converges');
});

test('converges: so may a removal, in the place of what was seen', () => {
  const run = new Recording();
  run.write(message('one'));
  run.write(message('seen'));
  run.read('n1');
  run.log.pop();
  loseAll(run);
  run.write({ op: 'remove', key: 'k' });
  const newer = run.write({ op: 'put', key: 'k', value: 'v' });
  run.log.pop();
  loseAll(run);
  run.write(message('later'));
  run.log.splice(1, 1);
  const records = run.end();
  expect(judge(records).violations).toEqual([]);
  const never = records.filter((record) => record !== newer);
  expect(judgesOf(never)).toContain('converges');
});

test('converges: what a lost removal superseded may still be on who did not compact', () => {
  const history = (gone: string) => {
    const run = new Recording();
    const put = { op: 'put', key: 'k', value: 'v' } as const;
    run.write(message('one'));
    run.write(put);
    run.write({ op: 'remove', key: 'k' });
    run.log.pop();
    loseAll(run);
    run.write({ op: 'put', key: 'other', value: 'v' });
    const until = run.tick() + 10;
    run.records.push({ type: 'phase', at: run.now, phase: 'liveness', until });
    run.tick(20);
    const holed = run.log.filter(({ index }) => index !== 2);
    for (const node of run.nodes) {
      run.read(node, { final: true }, node === gone ? holed : run.log);
    }
    for (const node of run.nodes)
      run.get(node, 'k', node === 'n1' ? { value: null, index: null } : {});
    run.records.push({ type: 'phase', at: run.tick(), phase: 'end' });
    return judge(run.records).violations.map(({ judge: by, sentence }) => `${by}: ${sentence}`);
  };
  expect(history('n1')).toEqual([]);
  // Who still has it in its log gives it.
  expect(history('n2').join()).toMatch(/converges: At the end n1 says "k" is null .record \d+/);
});
