// Numbers with the word that fits them.

/** Like `1 batch`, `3 batches`. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Which entries a log or a backup holds, like `3 entries, 5 to 7`; `first` null: none. */
export function entryRange(entries: number, first: number | null, last: number | null): string {
  if (first === null) return 'no entries';
  const place = first === last ? `at ${first}` : `${first} to ${last}`;
  return `${counted(entries, 'entry', 'entries')}, ${place}`;
}
