// Spans of time in a few characters. What is rounded up to the next unit or precision is written in
// it: 9.96 ms is `10 ms`, not `10.0 ms`.

/** `0.4 s`, `12 s`, `3 min`; `-` for null. */
export function seconds(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 9_950) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
  return ms < 119_500 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** `0.4 ms`, `12 ms`, `1.2 s`, `3 min`; `-` for null. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : seconds(ms);
}
