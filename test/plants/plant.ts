// A planted bug: a classic mistake as a small edit of the sources, made in a copy of them.

export interface Edit {
  /** From the project's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly search: string;
  readonly replace: string;
}

export interface Plant {
  /** Short, unique, in words. */
  readonly name: string;
  /** Which of the classic bugs of home-made replicated logs it is; two for a relative. */
  readonly bug: string;
  readonly edits: readonly Edit[];
}

/** A plant that is one edit. */
export function plant(
  name: string,
  bug: string,
  file: string,
  search: string,
  replace: string,
): Plant {
  return { name, bug, edits: [{ file, search, replace }] };
}
