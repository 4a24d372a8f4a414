// What is known by index of the log. The rule: time and memory go with what is kept, not with how
// large the indexes are: one line of a history may name any.

/** Places kept together. */
const PAGE = 256;

/** Invariant: no value is kept at or behind `end`. */
export class ByIndex<Value extends NonNullable<unknown>> {
  private readonly pages = new Map<number, (Value | undefined)[]>();
  /** The page used last: most of what comes stands beside what came before. */
  private near: { readonly number: number; readonly page: (Value | undefined)[] } | null = null;
  private end = 0;

  at(index: number): Value | undefined {
    return this.page(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** What stands at the end; undefined also where that was cut off, and nothing has come since. */
  get last(): Value | undefined {
    return this.at(this.end - 1);
  }

  set(index: number, value: Value): void {
    const number = Math.floor(index / PAGE);
    let page = this.page(number);
    if (page === undefined) {
      page = [];
      this.pages.set(number, page);
      this.near = { number, page };
    }
    while (page.length < index % PAGE) page.push(undefined);
    page[index % PAGE] = value;
    this.end = Math.max(this.end, index + 1);
  }

  /** Forgets everything behind this index; returns how much that was. */
  cut(after: number): number {
    if (after + 1 >= this.end) return 0;
    let count = 0;
    for (const [number, page] of this.pages) {
      const keep = Math.max(after + 1 - number * PAGE, 0);
      for (const value of page.splice(keep)) if (value !== undefined) count += 1;
      if (keep === 0) this.pages.delete(number);
    }
    this.near = null;
    this.end = Math.max(after + 1, 0);
    return count;
  }

  /** What is kept, by rising index. */
  *entries(): Generator<[index: number, value: Value]> {
    for (const index of indexesOf(this)) yield [index, this.at(index)!];
  }

  /** Numbers of the pages, in no particular order. */
  get pageNumbers(): Iterable<number> {
    return this.pages.keys();
  }

  /** What the page of this number keeps, place for place. */
  pageAt(number: number): readonly (Value | undefined)[] {
    return this.pages.get(number) ?? [];
  }

  private page(number: number): (Value | undefined)[] | undefined {
    if (this.near?.number === number) return this.near.page;
    const page = this.pages.get(number);
    if (page !== undefined) this.near = { number, page };
    return page;
  }
}

/** Each index at which any of these has something, rising. */
export function* indexesOf(...tables: readonly ByIndex<NonNullable<unknown>>[]): Generator<number> {
  const numbers = new Set(tables.flatMap(({ pageNumbers }) => [...pageNumbers]));
  for (const number of [...numbers].sort((a, b) => a - b)) {
    for (let place = 0; place < PAGE; place += 1) {
      for (const table of tables) {
        if (table.pageAt(number)[place] === undefined) continue;
        yield number * PAGE + place;
        break;
      }
    }
  }
}
