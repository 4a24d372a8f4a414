import { expect, test } from 'vitest';
import type { ReadyEvent } from '../../../src/cluster/report.ts';
import { Bulletin } from '../../../src/cluster/start/bulletin.ts';

const READY: ReadyEvent = {
  event: 'ready',
  name: 'c',
  pid: 1,
  nodes: [],
  arbiter: '',
  control: '',
  dataDir: null,
  ms: 1,
};

test('ready comes first, then what it does not make old news, then all as it happens', () => {
  const said: string[] = [];
  const bulletin = new Bulletin(({ event }) => {
    said.push(event);
  });
  for (const event of ['role', 'damaged', 'mode', 'joined', 'status', 'recovered']) {
    bulletin.say({ event, node: 'n1' });
  }
  expect(said).toEqual([]);
  bulletin.open(READY);
  expect(said).toEqual(['ready', 'damaged', 'recovered']);
  bulletin.say({ event: 'status', node: 'n1' });
  expect(said).toEqual(['ready', 'damaged', 'recovered', 'status']);
});
