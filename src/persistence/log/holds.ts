// Who reads the log as it was when they began. The rule: until they are done nothing is compacted.
// What superseded an entry may have come since, and they do not read that; or it is the removal of
// what they have read.

import type { Release } from '../persistence.ts';

export class Holds {
  private readonly held = new Set<Release>();

  get any(): boolean {
    return this.held.size > 0;
  }

  open(): Release {
    const release: Release = () => {
      this.held.delete(release);
    };
    this.held.add(release);
    return release;
  }
}
