// What the system says of a path that was given, in words.

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of it is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'that disk is read-only',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links go in circles',
};

/** For an error's code; undefined: it says nothing of the path. */
export function pathProblem(code: string | undefined): string | undefined {
  return WORDS[code ?? ''];
}

/** A path in a sentence: an empty one, as an unset variable of a shell leaves it, is to be seen. */
export function shownPath(path: string): string {
  return path === '' ? '""' : path;
}
