// Entries by their stored text. Nodes send and show the same entries again and again, and each
// time they would be parsed. The rule: the same text gives the same entry, and nobody changes one.

import type { Entry } from '../../core/operation.ts';
import type { Chunk } from '../../persistence/persistence.ts';

/** Texts that are known at a time; more than most runs write. */
const TEXTS_MAX = 2_000;

export class EntryTexts {
  private readonly known = new Map<string, Entry>();

  /** What a chunk holds; without one, nothing. */
  entries(chunk: Chunk | null): readonly Entry[] {
    const entries: Entry[] = [];
    if (chunk === null) return entries;
    const { json, lengths } = chunk;
    let at = 0;
    for (const length of lengths) {
      entries.push(this.entry(json, at, at + length));
      // Behind the comma.
      at += length + 1;
    }
    return entries;
  }

  private entry(json: Buffer, start: number, end: number): Entry {
    // One character for each byte: quicker to make than to decode, and as telling.
    const text = json.toString('latin1', start, end);
    let entry = this.known.get(text);
    if (entry === undefined) {
      if (this.known.size === TEXTS_MAX) this.known.clear();
      entry = JSON.parse(json.toString('utf8', start, end)) as Entry;
      this.known.set(text, entry);
    }
    return entry;
  }
}
