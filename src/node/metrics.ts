// What a node measures. Spans are collected as they happen; the library that counts them and writes
// Prometheus' text is loaded after the node is up, because loading it takes longer than a write.

import type { NodeStatus } from '../core/status.ts';

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
  /** The answer to `GET /metrics`. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Spans that are kept until the library is there; further ones are not counted. */
const EARLY_MAX = 10_000;

/** By then a node has its role. */
const LOAD_AFTER_MS = 1_000;

/** `status` is asked once per scrape. Each node has metrics of its own. */
export function createMetrics(status: () => NodeStatus): Metrics {
  const early: ((spans: Spans) => void)[] = [];
  let prometheus: Prometheus | null = null;
  let loading: Promise<Prometheus> | null = null;
  const load = (): Promise<Prometheus> => {
    loading ??= import('./prometheus.ts').then(({ createPrometheus }) => {
      prometheus = createPrometheus(status);
      for (const observe of early.splice(0)) observe(prometheus);
      return prometheus;
    });
    return loading;
  };
  const observed = (observe: (spans: Spans) => void): void => {
    if (prometheus !== null) observe(prometheus);
    else if (early.length < EARLY_MAX) early.push(observe);
  };
  setTimeout(() => void load(), LOAD_AFTER_MS).unref();
  return {
    observeWrite: (ms) => observed((spans) => spans.observeWrite(ms)),
    observePersist: (ms) => observed((spans) => spans.observePersist(ms)),
    scrape: async () => {
      const { contentType, text } = await load();
      return { contentType, text: await text() };
    },
  };
}
