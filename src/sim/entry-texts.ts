// Entries by their stored text. Nodes send and show the same few entries again and again, and
// each time they would be parsed. The rule: the same text gives the same entries, and nobody
// changes one.

import type { Entry } from '../core/operation.ts';
import type { Chunk } from '../persistence/persistence.ts';

/** Texts that are known at a time; more than a run has in use. */
const TEXTS_MAX = 500;

export class EntryTexts {
  private readonly known = new Map<string, readonly Entry[]>();

  /** What a chunk holds. */
  entries(chunk: Chunk): readonly Entry[] {
    // One character for each byte: quicker to make than to decode, and as telling.
    const text = chunk.json.toString('latin1');
    let entries = this.known.get(text);
    if (entries === undefined) {
      if (this.known.size === TEXTS_MAX) this.known.clear();
      entries = chunk.entries();
      this.known.set(text, entries);
    }
    return entries;
  }
}
