// The rule of a table with open addresses: from the place where a key belongs to the one where it
// is, no place is free. So whoever looks for a key can end at the first free place; and where one
// becomes free, those behind it move up.

/** Whether what stands at `place`, and belongs at `home`, may move up to `free`, a place before it:
 * not if it would come to stand before where it belongs. `mask`: one less than there are places,
 * which are as many as a power of two and go round in a circle. */
export function mayMoveUp(home: number, place: number, free: number, mask: number): boolean {
  return ((place - home) & mask) >= ((place - free) & mask);
}
