// A binary heap whose items know their place, so that one can be taken out of the middle: a waiter
// that is answered must not stay behind in a queue of deadlines.

/** Where an item stands in a heap: what takes it out again. */
export interface Spot<Item> {
  readonly item: Item;
  readonly rank: number;
  /** The heap's own: its number among the spots. */
  place: number;
}

/** Smallest rank first; items of equal rank come in no particular order. */
export class Heap<Item> {
  private readonly spots: Spot<Item>[] = [];

  get size(): number {
    return this.spots.length;
  }

  peek(): Item | undefined {
    return this.spots[0]?.item;
  }

  push(item: Item, rank: number): Spot<Item> {
    const spot = { item, rank, place: this.spots.length };
    this.spots.push(spot);
    this.rise(spot);
    return spot;
  }

  pop(): Item | undefined {
    const first = this.spots[0];
    if (first !== undefined) this.remove(first);
    return first?.item;
  }

  /** Takes an item out, wherever it is; nothing happens if it is not in. */
  remove(spot: Spot<Item>): void {
    const { place } = spot;
    if (this.spots[place] !== spot) return;
    const last = this.spots.pop()!;
    if (last === spot) return;
    this.put(last, place);
    this.rise(last);
    this.sink(last);
  }

  private put(spot: Spot<Item>, place: number): void {
    this.spots[place] = spot;
    spot.place = place;
  }

  private rise(spot: Spot<Item>): void {
    let { place } = spot;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.spots[parent]!;
      if (above.rank <= spot.rank) break;
      this.put(above, place);
      place = parent;
    }
    this.put(spot, place);
  }

  private sink(spot: Spot<Item>): void {
    const { spots } = this;
    let { place } = spot;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= spots.length) break;
      const right = child + 1;
      if (right < spots.length && spots[right]!.rank < spots[child]!.rank) child = right;
      const below = spots[child]!;
      if (below.rank >= spot.rank) break;
      this.put(below, place);
      place = child;
    }
    this.put(spot, place);
  }
}
