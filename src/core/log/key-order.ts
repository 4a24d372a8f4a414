// The order of keys: that of their code points, which is also that of their bytes as UTF-8.
// JavaScript compares UTF-16 units, where an emoji comes before U+E000 to U+FFFF.

/** Negative if `a` comes first, 0 if they are the same, positive if `b` comes first. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const one = a.charCodeAt(i);
    const other = b.charCodeAt(i);
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

/** Of a UTF-16 unit: halves of pairs stand for code points beyond all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}
