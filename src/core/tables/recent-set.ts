// What came last, of a kind that comes again and again. The rule: it never grows beyond its bound.

/** The latest that were put in, up to `max` of them: the one that was longest in makes room. */
export class RecentSet<Item> {
  private readonly max: number;
  private readonly items = new Set<Item>();

  constructor(max: number) {
    this.max = max;
  }

  has(item: Item): boolean {
    return this.items.has(item);
  }

  add(item: Item): void {
    this.items.add(item);
    if (this.items.size <= this.max) return;
    const [longest] = this.items;
    this.items.delete(longest!);
  }

  delete(item: Item): void {
    this.items.delete(item);
  }
}
