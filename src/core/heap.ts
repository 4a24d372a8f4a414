// A binary heap whose items know their place, so that one can be taken out of the middle: a waiter
// that is answered must not stay behind in a queue of deadlines.

/** Smallest `rank` first; items of equal rank come in no particular order. */
export class Heap<Item extends object> {
  private readonly items: Item[] = [];
  private readonly places = new Map<Item, number>();
  private readonly rank: (item: Item) => number;

  constructor(rank: (item: Item) => number) {
    this.rank = rank;
  }

  get size(): number {
    return this.items.length;
  }

  peek(): Item | undefined {
    return this.items[0];
  }

  push(item: Item): void {
    this.items.push(item);
    this.places.set(item, this.items.length - 1);
    this.rise(this.items.length - 1);
  }

  pop(): Item | undefined {
    const first = this.items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Takes an item out, wherever it is; nothing happens if it is not in. */
  remove(item: Item): void {
    const place = this.places.get(item);
    if (place === undefined) return;
    this.places.delete(item);
    const last = this.items.pop()!;
    if (last === item) return;
    this.put(last, place);
    this.rise(place);
    this.sink(this.places.get(last)!);
  }

  private put(item: Item, place: number): void {
    this.items[place] = item;
    this.places.set(item, place);
  }

  private rise(from: number): void {
    const item = this.items[from]!;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.rank(this.items[parent]!) <= this.rank(item)) break;
      this.put(this.items[parent]!, place);
      place = parent;
    }
    this.put(item, place);
  }

  private sink(from: number): void {
    const item = this.items[from]!;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.items.length) break;
      const right = this.items[child + 1];
      if (right !== undefined && this.rank(right) < this.rank(this.items[child]!)) child += 1;
      if (this.rank(this.items[child]!) >= this.rank(item)) break;
      this.put(this.items[child]!, place);
      place = child;
    }
    this.put(item, place);
  }
}
