// Sizes for people.

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Like `512 bytes`, `1.5 KiB`, `64.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} bytes`;
  let size = bytes / 1_024;
  let unit = 0;
  for (; size >= 1_024 && unit < UNITS.length - 1; unit += 1) size /= 1_024;
  return `${size.toFixed(1)} ${UNITS[unit]}`;
}
