// Where a redirect points: to the same path on another node, written so that it can stand in a
// header. A node's URL is as its operator wrote it, and its host or path may be in any script.

/** An ASCII URL. `base` is a valid URL without a query, `path` as it was sent. */
export function locationAt(base: string, path: string): string {
  return `${new URL(base).href.replace(/\/+$/, '')}${path}`;
}
