// What a node measures. Spans are collected as they happen; the library that counts them and writes
// Prometheus' text is loaded later, because loading it takes longer than a write.

import type { NodeStatus } from '../../core/status.ts';

/** Spans in milliseconds. */
export interface Spans {
  /** From a write's arrival to its success. */
  observeWrite(ms: number): void;
  /** That one Persist took. */
  observePersist(ms: number): void;
}

/** The library behind the metrics. */
export interface Prometheus extends Spans {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface Metrics extends Spans {
  /** Loads the library, so that the first scrape does not have to. Rejects if it cannot be loaded:
   * the next call tries again. */
  prepare(): Promise<void>;
  /** The answer to `GET /metrics`; loads the library if need be. Rejects as `prepare` does. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Spans that are kept until the library is there; further ones are not counted. */
const EARLY_MAX = 10_000;

const load = async (): Promise<typeof import('./prometheus.ts')> => import('./prometheus.ts');

/** `status` is asked once per scrape. Each node has metrics of its own. Nothing is loaded before
 * somebody asks: whoever has a better moment for it calls `prepare`. `library` is a test's. */
export function createMetrics(status: () => NodeStatus, library = load): Metrics {
  const early: ((spans: Spans) => void)[] = [];
  let prometheus: Prometheus | null = null;
  let loading: Promise<Prometheus> | null = null;
  const begin = async (): Promise<Prometheus> => {
    try {
      const { createPrometheus } = await library();
      prometheus = createPrometheus(status);
    } catch (error) {
      loading = null;
      throw error;
    }
    for (const observe of early.splice(0)) observe(prometheus);
    return prometheus;
  };
  const loaded = (): Promise<Prometheus> => {
    loading ??= begin();
    return loading;
  };
  const observed = (observe: (spans: Spans) => void): void => {
    if (prometheus !== null) observe(prometheus);
    else if (early.length < EARLY_MAX) early.push(observe);
  };
  return {
    observeWrite: (ms) => observed((spans) => spans.observeWrite(ms)),
    observePersist: (ms) => observed((spans) => spans.observePersist(ms)),
    prepare: async () => {
      await loaded();
    },
    scrape: async () => {
      const { contentType, text } = await loaded();
      return { contentType, text: await text() };
    },
  };
}
