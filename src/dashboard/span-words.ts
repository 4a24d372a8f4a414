// Spans of time in a few characters.

/** `0.4 s`, `12 s`, `3 min`; `-` for null. */
export function seconds(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 10_000) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** `0.4 ms`, `12 ms`, `1.2 s`, `3 min`; `-` for null. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : seconds(ms);
}
