// Names in a sentence.

/** "n1", "n1 and n2", "n1, n2 and n3"; "nobody" if there are none. */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? 'nobody';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
