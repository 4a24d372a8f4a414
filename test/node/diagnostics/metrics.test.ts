// The library behind the metrics is loaded late: asked for before that, it is waited for; where it
// cannot be loaded, who asks is told, and nobody else is troubled.

import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../../src/node/diagnostics/metrics.ts';
import { FakeEngine } from '../fake-engine.ts';

const status = () => new FakeEngine().status();

/** A library that fails as often as asked, and counts how often it was asked for. */
function unreliable(failures: number) {
  const asked = { times: 0 };
  const library = async () => {
    asked.times += 1;
    if (asked.times <= failures) throw new Error('no such library');
    return import('../../../src/node/diagnostics/prometheus.ts');
  };
  return { asked, library };
}

describe('the library of the metrics', () => {
  test('is not loaded before somebody asks', () => {
    const { asked, library } = unreliable(0);
    createMetrics(status, library).observeWrite(1);
    expect(asked.times).toBe(0);
  });

  test('is loaded once, however many ask meanwhile, and knows of all spans before', async () => {
    const { asked, library } = unreliable(0);
    const metrics = createMetrics(status, library);
    metrics.observeWrite(1);
    metrics.observePersist(2);
    const [first, second] = await Promise.all([
      metrics.scrape(),
      metrics.scrape(),
      metrics.prepare(),
    ]);
    expect(asked.times).toBe(1);
    for (const { text } of [first, second]) {
      expect(text).toContain('replog_write_seconds_count 1');
      expect(text).toContain('replog_persist_seconds_count 1');
    }
    metrics.observeWrite(1);
    expect((await metrics.scrape()).text).toContain('replog_write_seconds_count 2');
  });

  test('that cannot be loaded is said to who asks; the next one tries again', async () => {
    const { library } = unreliable(2);
    const metrics = createMetrics(status, library);
    metrics.observeWrite(1);
    await expect(metrics.prepare()).rejects.toThrow('no such library');
    await expect(metrics.scrape()).rejects.toThrow('no such library');
    expect((await metrics.scrape()).text).toContain('replog_write_seconds_count 1');
  });
});
