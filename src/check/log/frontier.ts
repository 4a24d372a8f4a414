// The highest index known by a moment. Records come in the order in which they ended (ends.ts), so
// moments rise; a question asks for the state when some later record began. What has the same time
// may have been in either order: a recorder's clock may count whole milliseconds.

/**
 * Invariants:
 * 1. Moments and indexes rise along the lists.
 * 2. Memory is bounded: what is older than the last `POINTS_MAX` rises is forgotten, and then
 *    counts as the oldest that is kept, or as nothing before it.
 */
export class Frontier {
  private moments: number[] = [];
  private indexes: number[] = [];
  private places: number[] = [];

  /** From `moment` on, `index` was reached, as the record at `place` shows. */
  reach(moment: number, index: number, place: number): void {
    const last = this.moments.length - 1;
    if (last >= 0 && index <= this.indexes[last]!) return;
    this.moments.push(last >= 0 ? Math.max(moment, this.moments[last]!) : moment);
    this.indexes.push(index);
    this.places.push(place);
    if (this.moments.length > 2 * POINTS_MAX) this.forget();
  }

  /** The highest index that was reached before `moment`, and the record that shows it. */
  at(moment: number): { readonly index: number; readonly place: number } {
    let low = 0;
    let high = this.moments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.moments[middle]! < moment) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return NOTHING;
    return { index: this.indexes[low - 1]!, place: this.places[low - 1]! };
  }

  /** Since when `index` is reached, as far as is kept, and the record that shows it; null: it is
   * not. */
  since(index: number): { readonly moment: number; readonly place: number } | null {
    let low = 0;
    let high = this.indexes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.indexes[middle]! < index) low = middle + 1;
      else high = middle;
    }
    if (low === this.indexes.length) return null;
    return { moment: this.moments[low]!, place: this.places[low]! };
  }

  /** Nothing above `index` counts any more. */
  cap(index: number): void {
    while (this.indexes.length > 0 && this.indexes.at(-1)! > index) {
      this.moments.pop();
      this.indexes.pop();
      this.places.pop();
    }
  }

  private forget(): void {
    this.moments = this.moments.slice(-POINTS_MAX);
    this.indexes = this.indexes.slice(-POINTS_MAX);
    this.places = this.places.slice(-POINTS_MAX);
  }
}

const NOTHING = { index: 0, place: 0 };

/** Rises kept. A record that began more than this many rises ago is judged less sharply. */
const POINTS_MAX = 10_000;
