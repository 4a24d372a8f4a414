import { test } from 'vitest';
import { VirtualCluster } from './virtual-cluster.ts';
test('try', () => {
  const c = new VirtualCluster();
  c.start('n1', { arbiter: null, size: 3 });
  c.run(5);
  c.start('n2', { arbiter: 'n1' }); c.start('n3', { arbiter: 'n1' });
  c.run(500);
  c.write('n1','a',{w:3}); c.run(500);
  c.kill('n3'); c.write('n1','b',{w:3}); c.write('n1', 'c', {w:2});
  c.run(6000); c.start('n3', {arbiter:'n1'}); c.run(1000);
  console.log(c.trace.join('\n'));
});
