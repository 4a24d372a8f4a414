// Latencies as an HDR histogram: three significant digits from a microsecond to ten minutes, in a
// memory that does not grow with their number.

import { build } from 'hdr-histogram-js';

const MAX_US = 600_000_000;

/** In milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export class Latencies {
  private readonly histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_US,
    numberOfSignificantValueDigits: 3,
  });

  /** In milliseconds. */
  add(ms: number): void {
    this.histogram.recordValue(Math.min(MAX_US, Math.max(1, Math.round(ms * 1_000))));
  }

  get count(): number {
    return this.histogram.totalCount;
  }

  /** All zero while nothing was added. */
  percentiles(): Percentiles {
    const at = (percent: number): number =>
      this.count === 0 ? 0 : this.histogram.getValueAtPercentile(percent) / 1_000;
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: this.count === 0 ? 0 : this.histogram.maxValue / 1_000,
    };
  }

  reset(): void {
    this.histogram.reset();
  }
}
